"""The engine: chunk borders, encodings of known values, memory, idempotence."""

from __future__ import annotations

import base64
import io
import json
import resource
import tracemalloc
import urllib.parse

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from escalate.redact.detectors.registry import detectors
from escalate.redact.engine import Engine
from escalate.redact.names import Name
from escalate.redact.rules import EngineInputs
from escalate.redact.scan import STEP

VALUE = "q7/Kx+p&9\"z=<ü>'Zt"
KNOWING = Engine(
    EngineInputs(key=b"k" * 32, known_values=(VALUE, "L" + "0123456789abcdef" * 40), names=(Name("user", "jdoe42"),))
)
SAMPLES = [text for one in detectors() for text, _ in one.positives] + [
    text for one in detectors() for text in one.negatives
]


class Chopped:
    """Gives a stream in pieces of the wanted sizes."""

    def __init__(self, data: bytes, sizes: list[int]) -> None:
        self._data = io.BytesIO(data)
        self._sizes = sizes

    def read(self, size: int, /) -> bytes:
        return self._data.read(min(size, self._sizes.pop(0)) if self._sizes else size)


def redacted(engine: Engine, data: bytes, sizes: list[int] | None = None, rounds: int = 1) -> bytes:
    sink = io.BytesIO()
    engine.redact_stream(Chopped(data, sizes or []), sink, rounds)
    return sink.getvalue()


@given(st.lists(st.sampled_from(SAMPLES), max_size=12), st.lists(st.integers(1, 400), max_size=30))
@settings(max_examples=60, deadline=None)
def test_where_a_stream_is_cut_changes_nothing(samples: list[str], sizes: list[int]):
    data = "\n".join(samples).encode()
    assert redacted(KNOWING, data, sizes) == redacted(KNOWING, data)


@pytest.mark.parametrize("shift", [-3000, -2100, -700, -90, -40, -20, -7, -1, 0, 1, 500])
@pytest.mark.parametrize("border", [STEP, STEP - 32 * 1024, 2 * STEP - 32 * 1024])
def test_a_secret_across_the_border_of_a_window_goes(border: int, shift: int):
    secret = b"DefaultEndpointsProtocol=https;AccountKey=abcdEFGH12345678abcdEFGH12345678==;x"
    filler = b"an ordinary line of a log\n"
    before = (filler * (border // len(filler) + 1))[: border + shift]
    result = redacted(KNOWING, before + secret + filler * 3000)
    assert b"12345678" not in result
    assert result.count(b"\n") == (before + secret + filler * 3000).count(b"\n")


@given(st.lists(st.sampled_from(SAMPLES), max_size=6), st.sampled_from(["\n", " ", ",", ";", "&", '"']))
@settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_redacting_what_is_redacted_changes_nothing(samples: list[str], glue: str):
    once = redacted(KNOWING, glue.join(samples).encode(), rounds=3)
    assert redacted(KNOWING, once) == once


@given(st.binary(max_size=3000))
@settings(max_examples=60, deadline=None)
def test_any_bytes_pass_and_keep_their_lines(data: bytes):
    result = redacted(KNOWING, data)
    assert result.count(b"\n") == data.count(b"\n")
    assert KNOWING.redact_stream(io.BytesIO(data), io.BytesIO()).lines == len(data.split(b"\n")) - (
        data[-1:] in (b"\n", b"")
    )


@pytest.mark.parametrize(
    "form",
    [
        VALUE.encode(),
        VALUE.encode("utf-16-le"),
        VALUE.encode("utf-16-be"),
        urllib.parse.quote(VALUE, safe="").encode(),
        urllib.parse.quote(VALUE, safe="").lower().encode()
        if VALUE.islower()
        else urllib.parse.quote_plus(VALUE).encode(),
        json.dumps(VALUE).encode(),
        json.dumps(VALUE).replace("/", "\\/").encode(),
        json.dumps(json.dumps(VALUE)).encode(),
        "".join(f"\\u{ord(char):04x}" for char in VALUE).encode(),
        b"q7/Kx+p&amp;9&quot;z=&lt;\xc3\xbc&gt;'Zt",
        VALUE.encode().hex().encode(),
        VALUE.encode().hex().upper().encode(),
        base64.b64encode(VALUE.encode()),
        base64.b64encode(b"user:" + VALUE.encode() + b";more"),
        base64.urlsafe_b64encode(b"ab" + VALUE.encode() + b"c"),
        base64.b64encode(b"x" + VALUE.encode()).decode().encode("utf-16-le"),
        base64.b64encode(VALUE.encode("utf-16-le")),
    ],
    ids=range(17),
)
def test_a_known_value_goes_in_every_form(form: bytes):
    result = redacted(KNOWING, b"before " + form + b" after")
    assert b"[R:KNOWN:" in result
    assert form not in result


def test_a_known_value_longer_than_a_block_goes_as_a_whole():
    long = ("L" + "0123456789abcdef" * 40).encode()
    result = redacted(KNOWING, b"<" + long + b">")
    assert result.startswith(b"<[R:KNOWN:")
    assert result.endswith(b"]>")
    assert b"0123456789abcdef" not in result


def test_equal_values_get_equal_marks_and_other_values_others(engine: Engine):
    one, two, three = (engine.redact_text(f"password={value};") for value in ("hunter2x", "hunter2x", "hunter3x"))
    assert one == two != three


def test_another_key_gives_other_marks():
    text = "password=hunter2x"
    assert KNOWING.redact_text(text) != Engine(EngineInputs(key=b"z" * 32)).redact_text(text)


def test_a_secret_longer_than_any_window_leaves_nothing(engine: Engine):
    secret = "aB3dE5fG" * 40_000
    for text in (f"Authorization: Bearer {secret} end", f'{{"client_secret": "{secret}"}}', f"?sig={secret}&x=1"):
        result = redacted(engine, text.encode())
        assert b"aB3dE5fG" not in result
        assert len(result) < 200


def test_a_line_of_20_megabytes_needs_little_memory(engine: Engine):
    class Line:
        left = 20 * 1024 * 1024

        def read(self, size: int, /) -> bytes:
            size = min(size, self.left)
            self.left -= size
            piece = b"one field of an endless line without any end, password=Tr0ub4dor9 "
            return (piece * (size // len(piece) + 1))[:size] if self.left % 7 == 0 else b"x" * size

    class Count:
        size = 0

        def write(self, data: bytes, /) -> object:
            self.size += len(data)
            return None

    sink = Count()
    tracemalloc.start()
    resident = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    engine.redact_stream(Line(), sink)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert sink.size > 10 * 1024 * 1024
    assert peak < 32 * 1024 * 1024
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - resident < 64 * 1024


def test_half_a_secret_at_the_end_of_a_cut_text_goes(engine: Engine):
    assert engine.redact_cut("x" * 390 + " AccountKey=abcd") == "x" * 390 + " AccountKey=" + engine.redact_cut(
        "AccountKey=abcd"
    ).removeprefix("AccountKey=")
    assert "abcd" not in engine.redact_cut("AccountKey=abcd")
    assert engine.redact_cut("at instance RD0003FF47609F") == "at instance RD0003FF47609F"
    assert "4bf92f3577b34da6a3ce929d0e0e4736" in engine.redact_cut("trace 4bf92f3577b34da6a3ce929d0e0e4736")
