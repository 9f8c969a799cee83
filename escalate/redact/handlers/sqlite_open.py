"""Opens databases that strangers made: nothing that stands in them is run."""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Iterator
from pathlib import Path

from escalate.redact.handlers.registry import CannotRedact
from escalate.redact.handlers.sqlite_cells import Cell
from escalate.redact.names import words

_LONGEST_CELL = 64 << 20
_LONGEST_SQL = 1 << 20
_READING = frozenset((sqlite3.SQLITE_SELECT, sqlite3.SQLITE_READ, sqlite3.SQLITE_PRAGMA))
_MAKING = frozenset(
    (
        sqlite3.SQLITE_CREATE_TABLE,
        sqlite3.SQLITE_CREATE_INDEX,
        sqlite3.SQLITE_CREATE_VIEW,
        sqlite3.SQLITE_CREATE_TRIGGER,
        sqlite3.SQLITE_INSERT,
        sqlite3.SQLITE_UPDATE,
        sqlite3.SQLITE_DELETE,
        sqlite3.SQLITE_READ,
        sqlite3.SQLITE_REINDEX,
        sqlite3.SQLITE_TRANSACTION,
    )
)
"""No SELECT: `CREATE TABLE ... AS SELECT` would be a program; no pragmas or other files either."""
_FUNCTIONS = words(
    """
    abs cast coalesce date datetime glob hex ifnull iif instr json json_extract json_valid julianday length like lower
    ltrim max min nullif quote replace round rtrim strftime substr substring time trim typeof unicode upper -> ->>
    """
)
"""What indexes, checks and defaults use: they compute a value from a value, and do nothing else."""


class Text(bytes):
    """A TEXT cell as it stands in the file."""


def cell(value: int | float | bytes | None) -> Cell:
    """A cell as Python has it; bytes that are no UTF-8 in a TEXT become U+FFFD, as they would in any reader."""
    return value.decode("utf-8", "replace") if isinstance(value, Text) else value


@contextlib.contextmanager
def damaged() -> Iterator[None]:
    """Turns what SQLite says into CannotRedact; its messages can quote names and values, so they stay here."""
    try:
        yield
    except sqlite3.IntegrityError as error:
        raise CannotRedact("after redaction two rows of the database would be equal that must not be") from error
    except UnicodeError as error:  # Python decodes names of columns by itself
        raise CannotRedact("the database is damaged") from error
    except sqlite3.Error as error:
        raise CannotRedact(f"the database is damaged, or has what cannot be rebuilt ({_code(error)})") from error


def _code(error: sqlite3.Error) -> str:
    return str(getattr(error, "sqlite_errorname", type(error).__name__))


@contextlib.contextmanager
def reading(place: Path) -> Iterator[sqlite3.Connection]:
    """A database that nobody writes to; no functions, no views, no extensions."""
    connection = sqlite3.connect(f"{place.resolve().as_uri()}?mode=ro&immutable=1", uri=True)
    with contextlib.closing(connection):
        _restrict(connection)
        connection.text_factory = Text
        for pragma in ("trusted_schema=OFF", "cell_size_check=ON", "query_only=ON", "mmap_size=0"):
            connection.execute(f"PRAGMA {pragma}")
        connection.set_authorizer(_Authorizer(_READING))
        yield connection


@contextlib.contextmanager
def making(place: Path) -> Iterator[sqlite3.Connection]:
    """A database that is made anew in an empty file; call `only_data` before anything of a stranger is executed."""
    connection = sqlite3.connect(place, isolation_level=None)
    with contextlib.closing(connection):
        _restrict(connection)
        for pragma in ("trusted_schema=OFF", "journal_mode=OFF", "synchronous=OFF", "ignore_check_constraints=ON"):
            connection.execute(f"PRAGMA {pragma}")
        yield connection


def only_data(connection: sqlite3.Connection) -> None:
    """From here on tables, indexes, views and triggers can be made and rows inserted, and nothing else."""
    connection.set_authorizer(_Authorizer(_MAKING))


class _Authorizer:
    def __init__(self, allowed: frozenset[int]) -> None:
        self._allowed = allowed

    def __call__(self, action: int, first: str | None, second: str | None, *more: str | None) -> int:
        del first, more
        known = action == sqlite3.SQLITE_FUNCTION and (second or "").casefold() in _FUNCTIONS
        return sqlite3.SQLITE_OK if known or action in self._allowed else sqlite3.SQLITE_DENY


def _restrict(connection: sqlite3.Connection) -> None:
    connection.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, _LONGEST_CELL)
    connection.setlimit(sqlite3.SQLITE_LIMIT_SQL_LENGTH, _LONGEST_SQL)
    connection.setlimit(sqlite3.SQLITE_LIMIT_ATTACHED, 1)  # VACUUM INTO attaches its target


def quoted(name: str) -> str:
    """A name inside of SQL.

    Raises:
        CannotRedact: SQLite itself could not have made it.
    """
    if "\0" in name:
        raise CannotRedact("a name in the database has a zero character in it")
    return '"' + name.replace('"', '""') + '"'
