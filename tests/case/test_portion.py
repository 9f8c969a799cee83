"""The bar says what was read, whatever becomes of the file."""

from __future__ import annotations

from pathlib import Path
from types import TracebackType
from typing import Self

import pytest

from escalate.case.portion import Portion, counted


class Tally:
    """A task that adds up."""

    def __init__(self) -> None:
        self.bytes: list[int] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        return None

    def advance(self, n_bytes: int) -> None:
        self.bytes.append(n_bytes)


def test_a_big_file_advances_piece_by_piece(tmp_path: Path) -> None:
    place, tally = tmp_path / "a.log", Tally()
    place.write_bytes(b"x" * 5_000_000)
    with counted(place, tally, 5_000_000) as handle:
        while handle.read(100_000):
            pass
    assert len(tally.bytes) >= 4
    assert sum(tally.bytes) == 5_000_000


def test_a_file_left_in_the_middle_counts_whole_in_the_end(tmp_path: Path) -> None:
    place, tally = tmp_path / "a.log", Tally()
    place.write_bytes(b"x" * 3_000_000)
    with pytest.raises(ValueError, match="broken"), counted(place, tally, 3_000_000) as handle:
        handle.read(10)
        raise ValueError("broken")
    assert sum(tally.bytes) == 3_000_000


def test_a_file_that_grew_meanwhile_is_not_counted_twice(tmp_path: Path) -> None:
    place, tally = tmp_path / "a.log", Tally()
    place.write_bytes(b"x" * 2_000)
    with counted(place, tally, 1_000) as handle:
        assert len(handle.read()) == 2_000
    assert sum(tally.bytes) == 1_000


def test_a_portion_never_tells_more_than_its_share() -> None:
    tally = Tally()
    portion = Portion(tally, 10)
    for step in (4, 4, 4):
        portion.advance(step)
    portion.finish()
    assert sum(tally.bytes) == 10
