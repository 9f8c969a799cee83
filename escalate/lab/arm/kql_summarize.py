"""The one operator of KQL that the lab carries out: `summarize`, so that counts do not come back as single events.

Aggregates: count, countif (with `>=`, `==` and `between`), min, max, avg, percentile. Groups: columns,
`bin(TimeGenerated, 5m)`, and a name that `extend` makes with `case(Column has "word", "label", ..., "other")`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from escalate.lab.arm.times import moment, stamp
from escalate.lab.world import Table

Row = Mapping[str, Any]

_SUMMARIZE = re.compile(r"\|\s*summarize\s+(?P<what>.*?)\s+by\s+(?P<by>.*?)(?=\n\s*\||\Z)", re.DOTALL)
_CASE = re.compile(r"\|\s*extend\s+(?P<name>\w+)\s*=\s*case\((?P<inner>.*?)\)\s*(?=\n\s*\||\Z)", re.DOTALL)
_WHEN = re.compile(r'(?P<column>\w+)\s+has\s+"(?P<word>[^"]*)"\s*,\s*"(?P<label>[^"]*)"')
_LAST = re.compile(r'"(?P<label>[^"]*)"\s*$')
_AGGREGATE = re.compile(r"(?P<name>\w+)\s*=\s*(?P<function>\w+)\((?P<inside>(?:[^()]|\([^()]*\))*)\)")
_BIN = re.compile(r"(?:(?P<name>\w+)\s*=\s*)?bin\(\s*(?P<column>\w+)\s*,\s*(?P<count>\d+)(?P<unit>[smhd])\s*\)")
_BETWEEN = re.compile(r"(?P<column>\w+)\s+between\s+\(\s*(?P<low>\d+)\s*\.\.\s*(?P<high>\d+)\s*\)")
_COMPARE = re.compile(r"(?P<column>\w+)\s*(?P<how>>=|==)\s*(?P<value>\w+)")
_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}
_START = datetime(2000, 1, 1, tzinfo=UTC)


def summarized(table: Table, query: str) -> Table:
    """The table that the query's `summarize` makes of it; a query without one leaves it as it is."""
    match = _SUMMARIZE.search(query)
    if match is None:
        return table
    columns = [name for name, _ in table.columns]
    makes = _case(query)
    groups = [_group(part.strip(), makes) for part in re.split(r",(?![^()]*\))", match["by"])]
    aggregates = [(each["name"], each["function"], each["inside"]) for each in _AGGREGATE.finditer(match["what"])]
    found: dict[tuple[Any, ...], list[Row]] = {}
    for cells in table.rows:
        row = dict(zip(columns, cells, strict=True))
        found.setdefault(tuple(of(row) for _, of in groups), []).append(row)
    types = dict(table.columns)
    return Table(
        table.name,
        (
            *((name, types.get(name, "string")) for name, _ in groups),
            *((name, _type(function, inside, types)) for name, function, inside in aggregates),
        ),
        tuple(
            (*key, *(_aggregate(rows, function, inside) for _, function, inside in aggregates))
            for key, rows in found.items()
        ),
    )


def _group(text: str, makes: Mapping[str, Callable[[Row], str]]) -> tuple[str, Callable[[Row], Any]]:
    match = _BIN.fullmatch(text)
    if match is None:
        return text, makes.get(text, lambda row: row.get(text))
    width, column = timedelta(**{_UNITS[match["unit"]]: int(match["count"])}), match["column"]
    return match["name"] or column, lambda row: stamp(_floor(moment(str(row[column])), width))


def _floor(at: datetime, width: timedelta) -> datetime:
    return _START + ((at - _START) // width) * width


def _case(query: str) -> dict[str, Callable[[Row], str]]:
    match = _CASE.search(query)
    if match is None:
        return {}
    whens = [(each["column"], each["word"].lower(), each["label"]) for each in _WHEN.finditer(match["inner"])]
    last = _LAST.search(match["inner"])
    other = last["label"] if last else ""

    def label(row: Row) -> str:
        return next((said for column, word, said in whens if word in str(row.get(column)).lower()), other)

    return {match["name"]: label}


def _aggregate(rows: Sequence[Row], function: str, inside: str) -> Any:
    if function == "count":
        return len(rows)
    if function == "countif":
        return sum(_holds(row, inside) for row in rows)
    column, *rest = (part.strip() for part in inside.split(","))
    values = sorted(row[column] for row in rows if row.get(column) is not None)
    if not values:
        return None
    if function == "percentile":
        return values[min(len(values) - 1, len(values) * int(rest[0]) // 100)]
    return {"min": values[0], "max": values[-1]}.get(function) if function != "avg" else sum(values) / len(values)


def _holds(row: Row, condition: str) -> bool:
    between, compare = _BETWEEN.search(condition), _COMPARE.search(condition)
    if between:
        return int(between["low"]) <= float(row[between["column"]]) <= int(between["high"])
    if compare is None:
        return False
    value = row.get(compare["column"])
    if compare["how"] == ">=":
        return value is not None and float(value) >= float(compare["value"])
    return str(value).lower() == compare["value"].lower()


def _type(function: str, inside: str, types: Mapping[str, str]) -> str:
    if function.startswith("count"):
        return "long"
    return "real" if function == "avg" else types.get(inside.split(",")[0].strip(), "string")
