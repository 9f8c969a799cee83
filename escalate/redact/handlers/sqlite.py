"""SQLite databases: written anew, cell by cell, so that neither free pages nor deleted rows leave."""

from __future__ import annotations

import os
import shutil
import sqlite3
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import BinaryIO

from escalate.model.kind import Kind
from escalate.model.redaction import Ledger
from escalate.redact.engine import Engine
from escalate.redact.handlers.archive_parts import CHUNK, Scratch
from escalate.redact.handlers.encoding import Told
from escalate.redact.handlers.registry import CannotRedact
from escalate.redact.handlers.sqlite_cells import Cell, Cells
from escalate.redact.handlers.sqlite_open import cell, damaged, making, only_data, quoted, reading
from escalate.redact.handlers.sqlite_schema import Thing, columns, header, last_row, things

_ROWS = 500
_SCHEMA = "schema"
_KNOWN = "known-value"
"""The label under which the engine counts values that it knows."""

Types = dict[str, Counter[tuple[int, type]]]
"""How many cells of each type stand in each column of each table."""


class SqliteHandler:
    """Same tables, rows and types; a database needs its write-ahead log beside it no more, and what is in that is lost.

    Nothing of the schema is run: no views, triggers, checks, functions or extensions.
    """

    name = "sqlite"
    kinds = frozenset({Kind.SQLITE})

    def redact(self, source: Path, sink: BinaryIO, engine: Engine, advance: Callable[[int], None]) -> Ledger:
        """See `Handler.redact`."""
        scratch = Scratch(Path(sink.name).parent)
        with scratch.file() as copy, scratch.file() as made, damaged():
            with source.open("rb") as raw:
                shutil.copyfileobj(raw, copy, CHUNK)
            copy.flush()
            with reading(Path(copy.name)) as old, making(Path(made.name)) as new:
                _sound(old, "quick_check")
                counts, types = _Rewriter(engine, old, new).run()
                new.set_authorizer(None)
                new.execute("VACUUM INTO ?", (os.fspath(sink.name),))
            advance(copy.tell())
            with reading(Path(sink.name)) as result:
                _sound(result, "integrity_check")
                _compare(result, types)
        sink.seek(0)
        left, _ = engine.findings(Told(sink, advance))
        if _KNOWN in left:  # patterns say nothing here: they run on from one cell into the next
            raise CannotRedact(f"after redaction this was still found: {_KNOWN}")
        return Ledger(handler=self.name, counts=dict(counts))


class _Rewriter:
    def __init__(self, engine: Engine, old: sqlite3.Connection, new: sqlite3.Connection) -> None:
        self._engine = engine
        self._old = old
        self._new = new
        self._counts: Counter[str] = Counter()

    def run(self) -> tuple[Counter[str], Types]:
        """Write the new database; what was replaced, and the types that must stand in it."""
        for pragma in header(self._old):
            self._new.execute(f"PRAGMA {pragma}")
        types: Types = {}
        self._new.execute("BEGIN")
        for thing in things(self._old):
            name = self._make(thing)
            if thing.kind == "table":
                types[name] = self._fill(thing.name, name)
        self._new.execute("COMMIT")
        return self._counts, types

    def _make(self, thing: Thing) -> str:
        """Declare the same thing; what it is called."""
        sql = self._engine.redact_text(thing.sql)
        if sql != thing.sql:
            self._counts[_SCHEMA] += 1
        before = last_row(self._new)
        only_data(self._new)
        self._new.execute(sql)
        self._new.set_authorizer(None)
        made = things(self._new, before)
        if [one.kind for one in made] != [thing.kind]:
            raise CannotRedact("the schema of the database is damaged")
        return made[0].name

    def _fill(self, old_table: str, new_table: str) -> Counter[tuple[int, type]]:
        names = columns(self._old, old_table)
        cells = Cells(self._engine, names)
        types: Counter[tuple[int, type]] = Counter()
        insert = " ".join(("INSERT INTO", quoted(new_table), "VALUES", f"({', '.join('?' * len(names))})"))
        only_data(self._new)
        for rows in _rows(self._old, old_table):
            types.update((at, type(value)) for row in rows for at, value in enumerate(row))
            self._new.executemany(insert, [cells.row(row) for row in rows])
        self._new.set_authorizer(None)
        self._counts.update(cells.counts)
        return types


def _rows(connection: sqlite3.Connection, table: str) -> Iterator[list[Sequence[Cell]]]:
    cursor = connection.execute(" ".join(("SELECT * FROM", quoted(table))))
    while rows := cursor.fetchmany(_ROWS):
        yield [[cell(value) for value in row] for row in rows]


def _sound(connection: sqlite3.Connection, check: str) -> None:
    found = connection.execute(f"PRAGMA {check}(1)").fetchone()
    if found is None or cell(found[0]) != "ok":
        raise CannotRedact("the database is damaged")


def _compare(result: sqlite3.Connection, expected: Types) -> None:
    """The same tables, each with as many rows and cells of each type."""
    tables = [thing.name for thing in things(result) if thing.kind == "table"]
    if sorted(tables) != sorted(expected):
        raise CannotRedact("after redaction the database has other tables")
    for table in tables:
        types = Counter(
            (at, type(value)) for rows in _rows(result, table) for row in rows for at, value in enumerate(row)
        )
        if types != expected[table]:
            raise CannotRedact("after redaction the rows of the database are of other types")


HANDLER = SqliteHandler()
