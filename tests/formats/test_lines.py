"""Lines are numbered as an editor numbers them, whatever their length and encoding."""

from __future__ import annotations

import io
import tracemalloc

import pytest
from hypothesis import given
from hypothesis import strategies as st

from escalate.formats.lines import detect_encoding, iter_lines, iter_texts, lines_of, strip_ansi
from escalate.formats.record import MAX_TEXT


def texts(data: bytes) -> list[tuple[int, str]]:
    return [(line.number, line.text) for line in iter_lines(io.BytesIO(data))]


def test_only_a_newline_ends_a_line():
    assert texts("a\r\nb\x0bc\x0cd\u2028e\rf\n\ng".encode()) == [
        (1, "a"), (2, "b\x0bc\x0cd\u2028e\rf"), (3, ""), (4, "g"),
    ]  # fmt: skip


def test_a_final_newline_makes_no_further_line():
    assert texts(b"a\n") == [(1, "a")]
    assert texts(b"\n\n") == [(1, ""), (2, "")]
    assert texts(b"") == []


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-16-le", "utf-16-be"])
def test_encodings_give_the_same_lines(encoding):
    text = "first line of a log\r\nwith ümlaut and \u0a0a\nend"
    assert texts(text.encode(encoding)) == [(1, "first line of a log"), (2, "with ümlaut and \u0a0a"), (3, "end")]


def test_a_line_that_is_not_utf8_is_read_as_latin1_and_leaves_its_neighbours_alone():
    assert texts("grün\n".encode() + "grün\n".encode("latin-1")) == [(1, "grün"), (2, "grün")]


def test_nul_separated_text_is_not_taken_for_utf16():
    assert detect_encoding(b"PATH=/usr/bin\0HOME=/root\0" * 9) == "utf-8"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
def test_a_monstrous_line_is_cut_and_counted_once_in_bounded_memory(encoding):
    class Monster(io.RawIOBase):
        """200 MB: a line, then 'end'."""

        left = 200

        def read(self, size: int = -1) -> bytes:
            self.left -= 1
            if self.left == 199:
                return "\ufeffstart\n".encode(encoding.replace("utf-16", "utf-16-le"))
            if self.left > 0:
                return ("é" * 500_000).encode(encoding.replace("utf-16", "utf-16-le"))
            return "\nend".encode(encoding.replace("utf-16", "utf-16-le")) if self.left == 0 else b""

    tracemalloc.start()
    lines = [(line.number, len(line.text), line.text[:5]) for line in iter_lines(Monster())]
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert lines == [(1, 5, "start"), (2, MAX_TEXT, "ééééé"), (3, 3, "end")]
    assert peak < 32 * 1024 * 1024


def test_a_cut_inside_a_character_does_not_spoil_the_line():
    line = "x" + "𝒳" * MAX_TEXT
    assert texts(line.encode()) == [(1, line[:MAX_TEXT])]


def test_ansi_codes_are_removed():
    assert strip_ansi("\x1b[1;31mred\x1b[0m \x1b]0;title\x07plain\x1b[K") == "red plain"


@given(st.lists(st.sampled_from([b"a", b"\n", b"\r\n", b"\r", "ü".encode(), b"\xfc", b"x" * MAX_TEXT]), max_size=40))
def test_lines_are_the_same_however_the_bytes_arrive(pieces):
    whole = b"s" * 4096 + b"".join(pieces)
    numbered = texts(whole)
    assert numbered == [(line.number, line.text) for line in lines_of([b"s" * 4096, *pieces])]
    assert [text for _, text in numbered] == list(iter_texts(io.BytesIO(whole)))
