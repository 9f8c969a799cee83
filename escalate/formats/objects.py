"""Entries of a list, however it was saved: ARM (`value`), az (a bare list), PowerShell, one object a line, CSV."""

from __future__ import annotations

import csv
import functools
import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath

from escalate.formats.json_lines import MAX_DOCUMENT, BrokenJson, into, is_ndjson, walk
from escalate.formats.lines import Line, Readable, chunks, decode, lines_of
from escalate.formats.plain import line_records
from escalate.formats.record import MAX_TEXT, FieldValue, Record
from escalate.formats.registry import Head

Fields = Mapping[str, object]
"""An entry by its keys as they stand in the file."""

Build = Callable[[str, PurePosixPath], Iterator[Record]]
"""Makes records of the whole text of a JSON document; may raise BrokenJson after the records before the break."""

_HEAD = 64 * 1024
"""Bytes in which two lines of newline-delimited JSON are looked for; of lines that are longer the whole is read."""

_LISTS = ("value", "records", "results")
_INT = re.compile(r"-?(?:0|[1-9]\d{0,14})")
_FLOAT = re.compile(r"-?(?:0|[1-9]\d{0,14})\.\d{1,15}")
_BEGIN_NUMBERS = frozenset("-0123456789")
_NOT_IN_KEY = re.compile(r"[ _\-]|\[utc\]$")


@dataclass(frozen=True, slots=True)
class Item:
    """One entry: its first line, its JSON pointer (None in CSV and in one-object-a-line files) and its fields."""

    line: int
    pointer: str | None
    fields: Fields
    extra: str = ""
    """What a CSV row holds beyond its header."""


class View:
    """Looks an entry up by any spelling of a name: `eventTimestamp`, `EventTimestamp`, `Event timestamp`."""

    def __init__(self, fields: Fields, *, own_first: bool = False) -> None:
        """An enveloped entry's `properties` come before its own keys unless `own_first`."""
        self._values: dict[str, object] = {}
        inner = next((value for key, value in fields.items() if plain_key(key) == "properties"), None)
        for level in (inner, fields) if own_first else (fields, inner):
            if isinstance(level, dict):
                self._values |= {plain_key(key): value for key, value in level.items()}

    def get(self, *names: str) -> object:
        """The first that is there and not null."""
        return next((self._values[name] for name in names if self._values.get(name) is not None), None)

    def text(self, *names: str) -> str | None:
        """As get, as text; of `{"value": x, "localizedValue": y}` the x."""
        value = self.get(*names)
        if isinstance(value, dict):
            inner = {plain_key(key): member for key, member in value.items()}
            value = inner.get("value") if inner.get("value") is not None else inner.get("localizedvalue")
        if value is None or isinstance(value, (dict, list)):
            return None
        return str(value)


@functools.lru_cache(maxsize=4096)
def plain_key(key: str) -> str:
    """A key without case, blanks and underscores, and without the `[UTC]` of portal exports."""
    return _NOT_IN_KEY.sub("", key.lower())


def sample_keys(head: Head) -> frozenset[str]:
    """The plain keys of the first entry, with those of its `properties`, or of a CSV header; empty when neither."""
    if head.json is None:
        return frozenset(plain_key(cell) for cell in header_of(head))
    entry = first_entry(head.json)
    keys = {plain_key(key) for key in entry}
    for key, value in entry.items():
        if plain_key(key) == "properties" and isinstance(value, dict):
            keys |= {plain_key(inner) for inner in value}
    return frozenset(keys)


def first_entry(document: object) -> Fields:
    """The first entry of a decoded document in any of the shapes that `items` reads."""
    if isinstance(document, dict):
        for key, value in document.items():
            if plain_key(key) in _LISTS and isinstance(value, list):
                document = value
                break
    if isinstance(document, list):
        document = next((entry for entry in document if isinstance(entry, dict)), None)
    return document if isinstance(document, dict) else {}


def header_of(head: Head) -> tuple[str, ...]:
    """The column names, when the file begins like a CSV with a header (a `#TYPE` line before it is PowerShell's)."""
    lines = [line for line in head.lines[:2] if not line.startswith("#TYPE ")]
    if not lines or not any(mark in lines[0] for mark in ",;\t"):
        return ()
    try:
        cells = next(csv.reader([lines[0]], delimiter=delimiter_of(lines[0])), [])
    except csv.Error:
        return ()
    names = [cell.strip() for cell in cells]
    usable = len(names) >= 2 and all(name and len(name) < 80 and not name[0].isdigit() for name in names)
    return tuple(names) if usable and len(set(names)) == len(names) else ()


def delimiter_of(header: str) -> str:
    """The delimiter that occurs most in a header line."""
    return max(",;\t", key=header.count)


def read_document(stream: Readable, path: PurePosixPath, build: Build) -> Iterator[Record]:
    """Records of a JSON document; what is too large, broken or holds no record at all is read as lines of text."""
    data = stream.read(MAX_DOCUMENT + 1)
    if len(data) > MAX_DOCUMENT:
        yield from line_records(lines_of(_chain(data, stream)), path)
        return
    text = decode(data)
    last = 0
    resume = 1
    try:
        for record in build(text, path):
            last = record.line
            yield record
    except BrokenJson as broken:
        resume = max(broken.line, last)
    else:
        if last:
            return
    yield from line_records((line for line in lines_of([data]) if line.number >= resume), path)


def read_items(
    stream: Readable, path: PurePosixPath, build: Callable[[Item, PurePosixPath], Iterable[Record]]
) -> Iterator[Record]:
    """Records of a list of entries, JSON or CSV."""
    data = stream.read(_HEAD)
    if begins_json(data) and is_ndjson(decode(data)):
        for line in lines_of(_chain(data, stream)):
            item = _of_line(line)
            yield from build(item, path) if item is not None else line_records([line], path)
        return
    if begins_json(data):
        yield from read_document(
            Rewound(data, stream),
            path,
            lambda text, name: (record for item in items(text) for record in build(item, name)),
        )
        return
    for row in csv_rows(lines_of(_chain(data, stream))):
        if isinstance(row, Item):
            yield from build(row, path)
        else:
            yield from line_records([row], path)


def _of_line(line: Line) -> Item | None:
    """The entry that a line of newline-delimited JSON is; None where it is none, or longer than what is kept of it."""
    try:
        value = json.loads(line.text)
    except (ValueError, RecursionError):
        return None
    return Item(line.number, None, value) if isinstance(value, dict) else None


def items(text: str) -> Iterator[Item]:
    """Entries of a JSON document.

    Raises:
        BrokenJson: after all entries before the break were given.
    """
    if is_ndjson(text):
        for value in walk(text, into()):
            yield _item(value.line, None, value.value)
        return
    start = text.lstrip()
    if start.startswith("["):
        for value in walk(text, into("")):
            yield _item(value.line, value.pointer, value.value)
        return
    single: dict[str, object] = {}
    enveloped = False
    for value in walk(text, into("", *(f"/{name}" for name in _LISTS))):
        if len(value.path) == 1:
            single[str(value.path[0])] = value.value
        elif isinstance(value.path[-1], int):
            enveloped = True
            yield _item(value.line, value.pointer, value.value)
        elif value.path:
            _inner(single, str(value.path[0]))[str(value.path[-1])] = value.value
    if single and not enveloped:
        yield Item(text[: len(text) - len(start)].count("\n") + 1, "", single)


def _item(line: int, at: str | None, value: object) -> Item:
    return Item(line, at, value if isinstance(value, dict) else {"value": value})


def _inner(single: dict[str, object], key: str) -> dict[str, object]:
    inner = single.setdefault(key, {})
    return inner if isinstance(inner, dict) else {}


def csv_rows(lines: Iterable[Line]) -> Iterator[Item | Line]:
    """Rows of a CSV by its header; a row that cannot be parsed, and all after it, come as lines."""
    feed = _Feed(lines)
    header = next((line for line in feed.source if line.text.strip() and not line.text.startswith("#TYPE ")), None)
    if header is None:
        return
    delimiter = delimiter_of(header.text)
    try:
        names = next(csv.reader([header.text], delimiter=delimiter), [])
        for cells in csv.reader(feed, delimiter=delimiter):
            start, feed.pending = feed.pending[0].number if feed.pending else header.number, []
            if any(cell.strip() for cell in cells):
                yield Item(start, None, dict(zip(names, cells, strict=False)), delimiter.join(cells[len(names) :]))
    except csv.Error:
        yield from feed.pending
        yield from feed.source


def number(value: object) -> FieldValue:
    """A JSON value or cell as a field: text that spells a number exactly becomes one, containers become JSON text."""
    if isinstance(value, str):
        if value[:1] not in _BEGIN_NUMBERS:  # most cells, and cheaper than two patterns
            return value[:MAX_TEXT]
        if _INT.fullmatch(value):
            return int(value)
        return float(value) if _FLOAT.fullmatch(value) else value[:MAX_TEXT]
    if value is None or isinstance(value, (bool, int, float)):
        return value
    return cell_text(value)


def cell_text(value: object) -> str:
    """A cell as a person reads it."""
    if isinstance(value, str):
        return value[:MAX_TEXT]
    if value is None:
        return ""
    if isinstance(value, (dict, list)):
        return json.dumps(value, ensure_ascii=False)[:MAX_TEXT]
    return str(value)[:MAX_TEXT]


def join_cells(values: Iterable[object]) -> str:
    """All cells joined by ` | `, at most MAX_TEXT characters."""
    texts = [value if isinstance(value, str) else cell_text(value) for value in values]
    return " | ".join(texts)[:MAX_TEXT]


def scalars(fields: Fields) -> dict[str, FieldValue]:
    """The members that are neither lists nor objects, by their own names."""
    return {key: number(value) for key, value in fields.items() if not isinstance(value, (dict, list))}


def first_text(fields: Fields, names: Sequence[str]) -> str | None:
    """The first non-empty value among columns of these names, whatever their case."""
    return first_plain_text(by_plain_key(fields), tuple(plain_key(name) for name in names))


def by_plain_key(fields: Fields) -> dict[str, object]:
    """The members by plain key; of several that share one, the last."""
    return {plain_key(key): value for key, value in fields.items()}


def first_plain_text(by_name: Fields, names: Sequence[str]) -> str | None:
    """As first_text, for members by plain key and plain names."""
    for name in names:
        value = by_name.get(name)
        if value not in (None, "") and not isinstance(value, (dict, list)):
            return str(value)
    return None


class _Feed:
    """Hands lines to the csv module and remembers those of the row that is being read."""

    def __init__(self, lines: Iterable[Line]) -> None:
        self.source = iter(lines)
        self.pending: list[Line] = []

    def __iter__(self) -> Iterator[str]:
        for line in self.source:
            self.pending.append(line)
            yield line.text + "\n"


class Rewound:
    """A stream whose first bytes were read already."""

    def __init__(self, head: bytes, stream: Readable) -> None:
        self._head = head
        self._stream = stream

    def read(self, size: int, /) -> bytes:
        """At most `size` bytes; empty at the end."""
        head, self._head = self._head[:size], self._head[size:]
        return head + self._stream.read(size - len(head))


def _chain(data: bytes, stream: Readable) -> Iterator[bytes]:
    yield data
    yield from chunks(stream)


def begins_json(data: bytes) -> bool:
    """Whether the first bytes of a file open a JSON object or list."""
    return decode(data).lstrip()[:1] in ("{", "[")
