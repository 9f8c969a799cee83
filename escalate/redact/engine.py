"""The engine of a case: every detector, known value and learned name in one pass over any stream."""

from __future__ import annotations

import re
from typing import Protocol

from escalate.model.redaction import Ledger
from escalate.redact.clients import detector_rule
from escalate.redact.crew import Crew
from escalate.redact.detectors.grammar import is_random
from escalate.redact.detectors.registry import detectors
from escalate.redact.keep import is_kept
from escalate.redact.names import NameBook
from escalate.redact.own_rules import OwnMatcher
from escalate.redact.rule import Hit, Rule
from escalate.redact.rules import EngineInputs, KnownRule, NameRule
from escalate.redact.scan import STEP, Matcher, Pass
from escalate.redact.tokens import PSEUDONYM, secret_token
from escalate.redact.wrapped import WrappedRule

_ROUNDS = 4
"""After this many rounds nothing new is found in a text; see `redact_stream`."""


_CUT_VALUE = re.compile(
    r"(?i)(?:(?:password|passwd|pwd|secret|token|key|sig|signature|authorization|bearer|basic|cookie|credential)\w{0,12}"
    r"[\"'\\]{0,4}\s{0,4}(?:[:=]|%3D|\s)\s{0,4}[\"'\\]{0,4}(?:bearer |basic )?(?!\[R:)(?P<named>[^\s\"'<>;,&]{4,})"
    r"|(?<![\w+/-])(?P<long>[A-Za-z0-9+/_~.-]{24,}))…?$"
)
_CUT_ROOM = 4096


class Source(Protocol):
    """Where bytes come from."""

    def read(self, size: int, /) -> bytes:
        """At most `size` bytes; empty at the end."""
        ...


class Sink(Protocol):
    """Where bytes go."""

    def write(self, data: bytes, /) -> object:
        """Take them all."""
        ...


class Engine:
    """Redacts streams and texts of one case. Memory does not grow with the stream, nor with the length of a line."""

    def __init__(self, inputs: EngineInputs) -> None:
        self.inputs = inputs
        self.crew: Crew | None = None
        """Who helps with large files; None: nobody."""
        self.names = NameBook(inputs.key, dict(inputs.pseudonyms))
        asked = [one for one in detectors() if inputs.national_ids or not one.on_request]
        rules: list[Rule] = [detector_rule(one, inputs.key, self.names, inputs.own_names) for one in asked]
        rules += [KnownRule(value, inputs.key) for value in inputs.known_values]
        rules += [WrappedRule(value, inputs.key) for value in inputs.known_values]
        rules += [NameRule(name, self.names) for name in inputs.names]
        rules += [OwnMatcher(rule, inputs.key) for rule in inputs.own_rules]
        self.rules: tuple[Rule, ...] = tuple(rules)
        self._matcher = Matcher(self.rules)

    def redact_stream(self, source: Source, sink: Sink, rounds: int = 1) -> Ledger:
        """Copy a stream of bytes in an encoding that contains ASCII, replacing what must not leave.

        A replacement can bring neighbours together that look like something new; `rounds` > 1 goes over the result
        again, in the same run. Line ends inside of what is replaced are kept, so the number of lines is that of the
        original; `lines` of the result counts line feeds, and a last line without one.
        """
        passes = [Pass(self._matcher) for _ in range(rounds)]
        lines, last = 0, b"\n"
        while data := source.read(STEP):
            lines += data.count(b"\n")
            last = data[-1:]
            for each in passes:
                data = each.feed(data)
            sink.write(data)
        rest = b""
        for each in passes:
            rest = each.feed(rest) + each.finish()
        sink.write(rest)
        counts: dict[str, int] = {}
        for each in passes:
            for label, count in each.counts.items():
                counts[label] = counts.get(label, 0) + count
        return Ledger(handler="stream", counts=counts, lines=lines + (last != b"\n"))

    def findings(self, source: Source) -> tuple[dict[str, int], int]:
        """What would still be replaced, by label, and the number of lines as `redact_stream` counts them."""
        scan = Pass(self._matcher)
        lines, last = 0, b"\n"
        while data := source.read(STEP):
            lines += data.count(b"\n")
            last = data[-1:]
            scan.feed(data)
        scan.finish()
        return scan.counts, lines + (last != b"\n")

    def redact_part(self, data: bytes, low: int, high: int) -> tuple[bytes, dict[str, int]]:
        """What becomes of `data[low:high]`, once, and how often each label was replaced there; the rest is context."""
        scan = Pass(self._matcher)
        return scan.part(data, low, high), scan.counts

    def hits(self, data: bytes) -> list[Hit]:
        """Everything that would be replaced in it, in order."""
        scan = Pass(self._matcher)
        scan.found = []
        scan.part(data, 0, len(data))
        return sorted(scan.found)

    def redact_text(self, text: str) -> str:
        """A short text: a name, an excerpt, a value of a JSON document."""
        data = text.encode("utf-8", "surrogatepass")
        for _ in range(_ROUNDS):
            scan = Pass(self._matcher)
            data = scan.feed(data) + scan.finish()
            if not scan.counts:
                break
        return data.decode("utf-8", "surrogatepass")

    def redact_cut(self, text: str) -> str:
        """A text that was cut somewhere: a secret may have lost the end by which it is recognised.

        What stands at the end behind the name of a secret goes, and so does a long run that could be half of one,
        unless it is an identifier of the keep list.
        """
        match = _CUT_VALUE.search(text, max(0, len(text) - _CUT_ROOM))
        if match is None or PSEUDONYM.search(match[0]):
            return text
        group = "named" if match["named"] else "long"
        value = match[group]
        if group == "long" and (is_kept(value, self.inputs.own_names) or not is_random(value.encode(), 24)):
            return text
        token = secret_token(self.inputs.key, "CUT", value.encode("utf-8", "surrogatepass")).decode()
        return text[: match.start(group)] + token + text[match.end(group) :]
