"""What a database is made of, as its own schema table says it."""

from __future__ import annotations

import re
import sqlite3
from dataclasses import dataclass

from escalate.redact.handlers.registry import CannotRedact
from escalate.redact.handlers.sqlite_open import cell, quoted

_INTERNAL = "sqlite_"
_VIRTUAL = re.compile(r"\s*create\s+virtual\s", re.IGNORECASE)
_ORDER = {"table": 0, "index": 1, "view": 2, "trigger": 3}
_HEADER_FIELDS = ("page_size", "encoding", "auto_vacuum", "user_version", "application_id")
_DECLARED = "SELECT type, name, sql FROM sqlite_schema WHERE rowid > ? ORDER BY rowid"
_LAST = "SELECT rowid FROM sqlite_schema ORDER BY rowid DESC LIMIT 1"
_ENCODINGS = ("UTF-8", "UTF-16le", "UTF-16be")


@dataclass(frozen=True)
class Thing:
    """A table, index, view or trigger."""

    kind: str
    name: str
    sql: str


def things(connection: sqlite3.Connection, after: int = 0) -> list[Thing]:
    """All that someone declared, behind that row of the schema table: tables first, triggers last.

    Raises:
        CannotRedact: some of it cannot be rebuilt.
    """
    found = []
    for row in connection.execute(_DECLARED, (after,)):
        kind, name, sql = (cell(value) for value in row)
        if not isinstance(kind, str) or not isinstance(name, str) or kind not in _ORDER:
            raise CannotRedact("the schema of the database is damaged")
        if sql is None or name.casefold().startswith(_INTERNAL):
            continue  # indexes that follow from constraints; statistics, which hold samples of the rows
        if not isinstance(sql, str):
            raise CannotRedact("the schema of the database is damaged")
        if _VIRTUAL.match(sql):
            raise CannotRedact("the database has virtual tables (full-text search and the like)")
        found.append(Thing(kind, name, sql))
    return sorted(found, key=lambda one: _ORDER[one.kind])


def last_row(connection: sqlite3.Connection) -> int:
    """The last row of the schema table."""
    row = connection.execute(_LAST).fetchone()
    return 0 if row is None else int(row[0])


def columns(connection: sqlite3.Connection, table: str) -> tuple[str, ...]:
    """Names of the columns of a table.

    Raises:
        CannotRedact: there are none, or some are computed.
    """
    names = []
    for row in connection.execute(f"PRAGMA table_xinfo({quoted(table)})"):
        if row[6]:
            raise CannotRedact("the database has computed columns")
        name = cell(row[1])
        names.append(name if isinstance(name, str) else "")
    if not names:
        raise CannotRedact("the schema of the database is damaged")
    return tuple(names)


def header(connection: sqlite3.Connection) -> list[str]:
    """Pragmas that make a new database like this one."""
    pragmas = []
    for field in _HEADER_FIELDS:
        (raw,) = connection.execute(f"PRAGMA {field}").fetchone()
        value = cell(raw)
        if field == "encoding":
            if value not in _ENCODINGS:
                raise CannotRedact("the database has an unknown encoding")
            pragmas.append(f"encoding='{value}'")
        elif isinstance(value, int):
            pragmas.append(f"{field}={value}")
    return pragmas
