"""A Java heap ran full, and its dump or class histogram shows what fills it; a dump also who holds that."""

from __future__ import annotations

from escalate.model.kind import Kind
from escalate.triage.facts import amount
from escalate.triage.index import Index
from escalate.triage.place import Hit, Place, inside
from escalate.triage.result import Args, Correlator, Result, fails, holds, number, text, unknown

OUT_OF_MEMORY = r"java\.lang\.OutOfMemoryError: (?:Java heap space|GC overhead limit exceeded)"
_LEAST_SHARE = 0.02
"""Part of all bytes from which a class is worth naming: the arrays and texts that its instances hold weigh far more."""
_JDK = ("java.", "javax.", "jdk.", "sun.", "com.sun.")
_PRIMITIVES = ("boolean", "char", "float", "double", "byte", "short", "int", "long")


def _evaluate(hit: Hit | None, args: Args, index: Index) -> Result:
    rows, counted = index.facts.of(Kind.HPROF), index.facts.of(Kind.CLASS_HISTOGRAM)
    if not rows and not counted:
        return unknown("No heap dump and no class histogram was collected.")
    failed = [row for row in rows if row.fields.get("what") == "out-of-memory"]
    told = [
        found.place
        for found in index.watched(text(args, "regex", OUT_OF_MEMORY)).hits
        if inside(index.window, found.place) and found.place.kind is not Kind.HPROF
    ]
    if not failed and not told:
        return fails("Nothing says that the heap was full when it was looked at.", (*rows, *counted)[0])
    own = _own_class(rows) or _own_class_of_histogram(counted)
    array = _array(rows, number(args, "min_count", 50_000))
    if array is None and own is None:
        return unknown("The heap was full, and no class or array in it stands out.")
    said, values = [], dict[str, str]()
    if array is not None:
        holder = str(array.fields.get("holder") or "")
        said.append(f"One {array.fields.get('class')} with room for {amount(array, 'count') or 0:,.0f} entries")
        said[-1] += f" is held by {array.fields.get('path')}" if holder else ", and what holds it was not found"
        values |= {"holder": holder} if holder else {}
    if own is not None:
        name, count = str(own.fields.get("class")), f"{amount(own, 'instances') or 0:,.0f}"
        said.append(f"of the app's own classes {name} has most bytes: {count} instances (shallow sizes)")
        values |= {"class": name, "count": count, "holder": values.get("holder") or f"instances of {name}"}
    for row in failed[:1]:
        said.append(f"memory ran out in {row.fields.get('top')}")
    places = [*([array] if array else []), *([own] if own else []), *failed[:1], *told[:2]]
    return holds("; ".join(said) + ".", *places, **values)


def _array(rows: tuple[Place, ...], least: float) -> Place | None:
    """The largest array of references: the table of a collection."""
    found = [
        row
        for row in rows
        if row.fields.get("what") == "array" and row.fields.get("references") and (amount(row, "count") or 0) >= least
    ]
    return max(found, key=lambda row: (row.fields.get("path") is not None, amount(row, "bytes") or 0), default=None)


def _own_class(rows: tuple[Place, ...]) -> Place | None:
    """The heaviest class that is neither of the JDK nor an array of primitives, if it has a part worth naming."""
    for row in rows:
        name = str(row.fields.get("class") or "")
        if row.fields.get("what") != "class" or name.startswith(_JDK) or name.rstrip("[]") in _PRIMITIVES:
            continue
        return row if (amount(row, "share") or 0) >= _LEAST_SHARE else None
    return None


def _own_class_of_histogram(rows: tuple[Place, ...]) -> Place | None:
    """The same out of the last histogram; arrays have names that begin with a bracket there."""
    last = [row for row in rows if row.artifact.id == rows[-1].artifact.id] if rows else []
    total = sum(amount(row, "bytes") or 0 for row in last)
    for row in last:
        name = str(row.fields.get("class") or "[")
        if not name.startswith(("[", *_JDK)):
            return row if (amount(row, "bytes") or 0) >= _LEAST_SHARE * total else None
    return None


CORRELATOR = Correlator("heap_suspect", frozenset({"regex", "min_count"}), _evaluate, (OUT_OF_MEMORY,))
