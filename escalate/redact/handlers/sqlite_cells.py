"""Cells of a database: each on its own through the engine, and by what its column or its neighbour is called."""

from __future__ import annotations

import hashlib
import hmac
import io
from collections import Counter
from collections.abc import Sequence

from escalate.redact.detectors.assignments import names_a_secret
from escalate.redact.detectors.grammar import is_value
from escalate.redact.engine import Engine
from escalate.redact.handlers.registry import CannotRedact
from escalate.redact.tokens import is_redacted, secret_token

Cell = None | int | float | str | bytes
"""What a cell can hold; `bytes` is a BLOB."""

COLUMN = "secret-column"
BLANKED = "blob-blanked"
_ROUNDS = 4
_NAMING = frozenset(("name", "key", "setting", "settingname", "configkey", "property"))
_NAMED = frozenset(("value", "data", "val", "settingvalue", "configvalue", "content"))
_LONG_NUMBER = 10**7
"""Smaller numbers are too short for anything that could be recognised in them."""
_TEXT_CONTROLS = frozenset(b"\t\n\r\f\x1b")


class Cells:
    """Redacts the rows of one table."""

    def __init__(self, engine: Engine, columns: Sequence[str]) -> None:
        self.counts: Counter[str] = Counter()
        self._engine = engine
        self._secret = [names_a_secret(column) for column in columns]
        plain = [column.casefold().replace("_", "") for column in columns]
        self._naming = next((at for at, column in enumerate(plain) if column in _NAMING), None)
        self._named = [at for at, column in enumerate(plain) if column in _NAMED]

    def row(self, cells: Sequence[Cell]) -> list[Cell]:
        """The row as it may leave: every cell of the type it had."""
        told = self._naming is not None and names_a_secret(_as_text(cells[self._naming]))
        return [
            self._cell(cell, secret=self._secret[at] or (told and at in self._named)) for at, cell in enumerate(cells)
        ]

    def _cell(self, cell: Cell, *, secret: bool) -> Cell:
        if cell is None:
            return None
        if isinstance(cell, str):
            return self._bytes(cell.encode("utf-8", "surrogatepass"), secret=secret).decode("utf-8", "surrogatepass")
        if isinstance(cell, bytes):
            return self._blob(cell, secret=secret)
        return self._number(cell, secret=secret)

    def _bytes(self, data: bytes, *, secret: bool) -> bytes:
        if secret and data and is_value(data) and not is_redacted(data):
            self.counts[COLUMN] += 1
            return secret_token(self._engine.inputs.key, "COLUMN", data)
        for _ in range(_ROUNDS):
            data, found = self._once(data)
            if not found:
                return data
            self.counts.update(found)
        raise CannotRedact(f"after {_ROUNDS} rounds something was still found in a cell")

    def _once(self, data: bytes) -> tuple[bytes, dict[str, int]]:
        sink = io.BytesIO()
        found = self._engine.redact_stream(io.BytesIO(data), sink).counts
        return (sink.getvalue() if found else data), found

    def _blob(self, data: bytes, *, secret: bool) -> bytes:
        """Text stays text; short keys stay apart from each other and equal where they are equal; all else is blank."""
        if not data:
            return data
        if _is_text(data):
            return self._bytes(data, secret=secret)
        self.counts[BLANKED] += 1
        alias = hmac.new(self._engine.inputs.key, b"blob\0" + data, hashlib.sha256).digest()
        return alias[: len(data)] if len(data) <= len(alias) else bytes(len(data))

    def _number(self, number: float, *, secret: bool) -> Cell:
        label = COLUMN if secret and number else ""
        if not label and abs(number) >= _LONG_NUMBER:
            _, found = self._once(str(number).encode())
            label = min(found, default="")
        if not label:
            return number
        self.counts[label] += 1
        return type(number)(0)


def _as_text(cell: Cell) -> str:
    return cell if isinstance(cell, str) else ""


def _is_text(data: bytes) -> bool:
    try:
        data.decode()
    except UnicodeDecodeError:
        return False
    return not any(byte < 0x20 and byte not in _TEXT_CONTROLS for byte in set(data))
