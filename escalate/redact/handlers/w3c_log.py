"""W3C extended logs of IIS: clients, users, cookies and queries by the columns that `#Fields` names."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator

from escalate.model.kind import Kind
from escalate.redact.engine import Engine, Source
from escalate.redact.handlers.structured import Plan, StructuredHandler
from escalate.redact.handlers.structured_lines import blocks
from escalate.redact.handlers.structured_names import hides, holds, is_harmless, pseudonymous, query
from escalate.redact.tokens import secret_token

LABEL = "w3c-column"
_FIELDS = b"#Fields:"
_KNOWN = 65_536
"""Values of a column whose replacement is at hand."""
_QUERIES = frozenset(("cs-uri-query", "cs(referer)", "cs-uri"))
_COOKIES = frozenset(("cs(cookie)", "sc(set-cookie)"))

Rewrite = Callable[[bytes], bytes]


class _Columns:
    """What becomes of each column of interest, under the `#Fields` line that was read last."""

    def __init__(self, engine: Engine) -> None:
        self.width = 0
        self.columns: tuple[tuple[int, dict[bytes, bytes], Rewrite], ...] = ()
        """Place, what is known already, and how the rest is found."""
        self.queries: tuple[int, ...] = ()
        """Places of queries and links, each of which is new."""
        self._engine = engine
        self._known: dict[str, dict[bytes, bytes]] = {}

    def read(self, line: bytes) -> None:
        """Take over a `#Fields` line."""
        names = line.removeprefix(_FIELDS).decode("utf-8", "replace").split()
        self.width = len(names)
        rewrites = [(at, name.casefold(), self._rewrite(name)) for at, name in enumerate(names)]
        self.columns = tuple(
            (at, self._known.setdefault(name, {b"-": b"-"}), rewrite) for at, name, rewrite in rewrites if rewrite
        )
        self.queries = tuple(at for at, name, _ in rewrites if name in _QUERIES)

    def _rewrite(self, name: str) -> Rewrite | None:
        folded, engine = name.casefold(), self._engine
        inner = folded[3:-1] if folded[2:3] == "(" and folded.endswith(")") else folded
        if folded in _COOKIES:
            return lambda value: _cookies(engine, value)
        holding = "secret" if hides(inner) else holds(folded) or holds(inner)
        return (lambda value: pseudonymous(engine, holding, value)) if holding else None


def _cookies(engine: Engine, value: bytes) -> bytes:
    """Every cookie keeps its name; IIS writes a blank as `+`."""
    return b";".join(_cookie(engine, one) for one in value.split(b";"))


def _cookie(engine: Engine, one: bytes) -> bytes:
    name, equals, value = one.partition(b"=")
    if not equals:
        return one if is_harmless(one.strip(b"+ ")) else secret_token(engine.inputs.key, "COOKIE", one)
    return one if is_harmless(value) else name + b"=" + secret_token(engine.inputs.key, "COOKIE", value)


def rows(source: Source, engine: Engine, counts: Counter[str]) -> Iterator[bytes]:
    """The step: lines with as many cells as `#Fields` says; all others are left to the rules for text."""
    columns = _Columns(engine)
    for block, whole in blocks(source):
        if whole and (columns.width or _FIELDS in block):
            yield _block(block, columns, engine, counts)
        else:
            yield block


def _block(block: bytes, columns: _Columns, engine: Engine, counts: Counter[str]) -> bytes:
    lines = block.split(b"\n")
    changed = 0
    for number, line in enumerate(lines):
        if line.startswith(_FIELDS):
            columns.read(line)
            continue
        cells = line.split(b" ")
        if len(cells) != columns.width or line.startswith(b"#"):
            continue
        touched = 0
        for at, known, rewrite in columns.columns:
            old = cells[at]
            new = known.get(old)
            if new is None:
                new = _learned(known, old, rewrite)
            if new != old:
                cells[at] = new
                touched += 1
        for at in columns.queries:
            old = cells[at]
            if b"=" in old:
                cells[at] = query(engine, old)
                touched += cells[at] != old
        if touched:
            lines[number] = b" ".join(cells)
            changed += touched
    if changed:
        counts[LABEL] += changed
        return b"\n".join(lines)
    return block


def _learned(known: dict[bytes, bytes], old: bytes, rewrite: Rewrite) -> bytes:
    if len(known) >= _KNOWN:
        known.clear()
        known[b"-"] = b"-"
    ending = b"\r" if old.endswith(b"\r") else b""
    new = rewrite(old.removesuffix(ending)) + ending
    known[old] = new.replace(b" ", b"+")
    return known[old]


def _plan(head: bytes) -> Plan | None:
    return Plan(rows) if _FIELDS in head else None


HANDLER = StructuredHandler("w3c", frozenset({Kind.W3C_LOG}), _plan)
