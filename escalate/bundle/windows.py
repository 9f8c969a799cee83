"""Windows of a text that is too large for the kit: its head, its cited lines and the incident, cut at line ends."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from escalate.bundle.deflate import END, deflated
from escalate.bundle.members import Member
from escalate.formats import stamps
from escalate.model.incident import Window
from escalate.model.kind import Kind

LOGS = frozenset({Kind.CONTAINER_LOG, Kind.PLATFORM_LOG, Kind.W3C_LOG, Kind.TEXT, Kind.SHELL_TRANSCRIPT, Kind.CSV})
STACKS = frozenset({Kind.THREAD_DUMP, Kind.STACKS, Kind.HS_ERR, Kind.CLASS_HISTOGRAM})
CUTTABLE = LOGS | STACKS
"""Kinds of which a part is worth reading; a part of JSON or XML is neither."""

LIMIT = 16 << 20
"""Bytes of one file that are held at a time, and so the most its windows can be, unpacked."""
_MARKS = 4096
"""Places at which the time of a file is looked at."""
_LEAST_STEP = 64 << 10
_LOOK = 8 << 10
"""Bytes of lines in which the time of a place is looked for: records may be longer than a line."""
_LINE = 300
"""Bytes of a line in which its time may stand."""


@dataclass(frozen=True)
class _Level:
    """How much is kept: minutes around the incident and the share of that span, bytes around a cited line."""

    minutes: float
    share: float
    around: int


_LEVELS = (
    _Level(15, 1, 128 << 10),
    _Level(5, 1, 64 << 10),
    _Level(1, 1, 32 << 10),
    _Level(0, 1, 16 << 10),
    _Level(0, 1 / 4, 8 << 10),
    _Level(0, 1 / 16, 4 << 10),
    _Level(0, 1 / 64, 2 << 10),
    _Level(0, 0, 1 << 10),
)
"""From wide to narrow; the first that fits is taken."""


@dataclass(frozen=True)
class Wanted:
    """What of a file matters: lines that findings cite (from 1), and when the incident was."""

    kind: Kind
    cited: tuple[int, ...]
    incident: Window | None


@dataclass(frozen=True)
class Kept:
    """Whole lines in a row, first and last as they are numbered in the file itself."""

    first_line: int
    last_line: int
    data: bytes


@dataclass(frozen=True)
class Cutting:
    """What is kept of a file of so many lines, and bytes it takes when deflated."""

    kept: tuple[Kept, ...]
    lines: int
    cost: int


def cut(
    member: Member, wanted: Wanted, room: int, overhead: int, advance: Callable[[int], None] = lambda _: None
) -> Cutting | None:
    """The widest windows that deflate into `room` bytes, each with `overhead`; None when there is no use in any.

    Reads the file twice from end to end, so that what is cut from it is proved to be what was sealed; `advance` is told
    of each byte.

    Raises:
        RedactionRefused: it is not.
    """
    if not (wanted.cited or wanted.incident or wanted.kind in STACKS):
        return None
    chart = _survey(member, wanted, advance)
    if chart is None:
        return None
    spans = [chart.spans(wanted, level) for level in _LEVELS]
    held = _fetch(member, _bounded(spans, LIMIT), advance)
    before: list[tuple[int, int]] | None = None
    for level, wished in zip(_LEVELS, spans, strict=True):
        ends = _merged(
            [end for stretch in held for end in stretch.whole_lines(wished, level.share, chart.anchors, wanted.kind)]
        )
        if not ends or ends == before:
            continue
        before = ends
        kept = tuple(stretch.kept(*end) for end in ends for stretch in held if stretch.start <= end[0] < stretch.end)
        if sum(len(each.data) for each in kept) > LIMIT:
            continue
        cost = sum(len(deflated(each.data)) + len(END) + overhead for each in kept)
        if cost <= room and sum(len(each.data) for each in kept) < member.size:
            return Cutting(kept, chart.lines, cost)
    return None


@dataclass(frozen=True)
class _Mark:
    """The start of a line: where it is, its number, and the time there or soon after."""

    offset: int
    line: int
    moment: datetime | None


@dataclass(frozen=True)
class _Span:
    start: int
    end: int
    since: datetime | None = None
    """Set for the time of the incident, of which a share can be taken; lines before this moment are none of it."""


class _Chart:
    def __init__(self, marks: Sequence[_Mark], anchors: Sequence[int], size: int, lines: int) -> None:
        self._timed = [mark for mark in marks if mark.moment is not None]
        self.anchors = anchors
        """Where cited lines begin."""
        self._size = size
        self.lines = lines

    def spans(self, wanted: Wanted, level: _Level) -> list[_Span]:
        """What this level would keep, in bytes, not yet at line ends."""
        head = 4 * level.around if wanted.kind in STACKS else 2 << 10
        spans = [_Span(0, min(head, self._size))]
        spans += [_Span(max(0, at - level.around), min(self._size, at + level.around)) for at in self.anchors]
        timed = self._incident(wanted.incident, timedelta(minutes=level.minutes)) if wanted.incident else None
        if timed is None and not self.anchors and wanted.kind not in STACKS:
            return []  # a head alone tells nothing of the incident
        return spans + ([timed] if timed else [])

    def _incident(self, window: Window, margin: timedelta) -> _Span | None:
        """From the last place known to be before it to the first known to be after it; None when it is not in here."""
        start, end = window.start - margin, window.end + margin
        times = [mark.moment for mark in self._timed if mark.moment is not None]
        if not times or max(times) < start or min(times) > end:
            return None
        first = next(index for index, moment in enumerate(times) if moment >= start)
        after = next((index for index in range(first, len(times)) if times[index] > end), None)
        begin = self._timed[max(0, first - 1)].offset
        return _Span(begin, self._size if after is None else self._timed[after].offset, start)


def _survey(member: Member, wanted: Wanted, advance: Callable[[int], None]) -> _Chart | None:
    """Go through the file once; None when it is no text of single bytes."""
    step = max(_LEAST_STEP, member.size // _MARKS)
    cited = sorted(set(wanted.cited))
    marks: list[_Mark] = []
    anchors: list[int] = [0] if cited[:1] == [1] else []
    cited = [line for line in cited if line > 1]
    offset = feeds = due = 0
    last = b"\n"
    for chunk in member.content():
        if offset == 0 and b"\0" in chunk[:4096]:
            return None
        if offset == 0:
            marks.append(_Mark(0, 1, _moment(chunk[:_LOOK], wanted.kind)))
            due = step
        while due < offset + len(chunk):
            at = chunk.find(b"\n", max(0, due - offset)) + 1
            if not at:
                break
            moment = _moment(chunk[at : at + _LOOK], wanted.kind)
            marks.append(_Mark(offset + at, feeds + chunk.count(b"\n", 0, at) + 1, moment))
            due = offset + at + step
        here = chunk.count(b"\n")
        while cited and cited[0] - 1 <= feeds + here:
            anchors.append(offset + _after_feed(chunk, cited.pop(0) - 1 - feeds))
        feeds += here
        offset += len(chunk)
        last = chunk[-1:]
        advance(len(chunk))
    return _Chart(marks, anchors, offset, feeds + (last != b"\n"))


def _after_feed(chunk: bytes, number: int) -> int:
    """Where the line after the n-th line feed begins."""
    at = 0
    for _ in range(number):
        at = chunk.index(b"\n", at) + 1
    return at


def _moment(data: bytes, kind: Kind) -> datetime | None:
    """The first time that a line of these tells."""
    moments = (_moment_of(raw, kind) for raw in data.split(b"\n")[:40])
    return next((moment for moment in moments if moment is not None), None)


def _moment_of(line: bytes, kind: Kind) -> datetime | None:
    text = line[:_LINE].partition(b"\n")[0].decode("utf-8", "replace")
    stamp = stamps.of_line(text)
    if stamp is None and kind is Kind.W3C_LOG:
        stamp = stamps.parse(text[:19], naive_is_utc=True)  # the format says that its times are UTC
    return stamp.ts if stamp else None


@dataclass(frozen=True)
class _Stretch:
    """Bytes of the file in memory; `line` is the number of the line in which they begin."""

    start: int
    line: int
    data: bytes
    whole: bool
    """Whether they end where the file ends."""

    @property
    def end(self) -> int:
        return self.start + len(self.data)

    def whole_lines(
        self, spans: Sequence[_Span], share: float, anchors: Sequence[int], kind: Kind
    ) -> Iterator[tuple[int, int]]:
        """The spans, as far as they are in here, from the start of a line to the end of one."""
        for span in spans:
            start, end = max(span.start, self.start), min(span.end, self.end)
            if span.since is not None and start < end:
                start = self._not_before(start, end, span.since, kind)
            if span.since is not None and share < 1:
                around = next((at for at in anchors if start <= at < end), start)
                length = int((end - start) * share)
                start = max(start, around - length // 4)
                end = min(end, start + length)
            if start < end and (lines := self._to_lines(start, end)) is not None:
                yield lines

    def _not_before(self, start: int, end: int, since: datetime, kind: Kind) -> int:
        """The first line of a stretch that is not of an earlier time; places in a large file are far apart."""
        at = start - self.start
        while 0 <= at < end - self.start:
            moment = _moment_of(self.data[at : at + _LINE], kind)
            if moment is not None and moment >= since:
                return self.start + at
            at = self.data.find(b"\n", at) + 1 or -1
        return start

    def _to_lines(self, start: int, end: int) -> tuple[int, int] | None:
        low, high = start - self.start, end - self.start
        if start > 0 and not (low > 0 and self.data[low - 1 : low] == b"\n"):
            feed = self.data.find(b"\n", low)
            if feed < 0:
                return None
            low = feed + 1
        feed = self.data.find(b"\n", max(high - 1, low))
        if feed >= 0:
            high = feed + 1
        elif self.whole:
            high = len(self.data)
        else:
            high = self.data.rfind(b"\n", low, high) + 1
        return (self.start + low, self.start + high) if low < high else None

    def kept(self, start: int, end: int) -> Kept:
        low, high = start - self.start, end - self.start
        data = self.data[low:high]
        first = self.line + self.data.count(b"\n", 0, low)
        return Kept(first, first + data.count(b"\n") - data.endswith(b"\n"), data)


def _bounded(levels: Sequence[Sequence[_Span]], limit: int) -> list[tuple[int, int]]:
    """Byte ranges to hold: cited lines and head whole; of the incident the widest span that there is room for."""
    fixed = [(span.start, span.end) for span in levels[0] if span.since is None]
    left = max(0, limit - sum(end - start for start, end in fixed))
    timed = [(span.start, span.end) for level in levels for span in level if span.since is not None]
    fitting = [(start, end) for start, end in timed if end - start <= left]
    if timed and not fitting:
        start = timed[-1][0]
        fitting = [(start, start + left)]
    return _merged([*fixed, *fitting[:1]])


def _merged(ranges: Sequence[tuple[int, int]]) -> list[tuple[int, int]]:
    merged: list[tuple[int, int]] = []
    for start, end in sorted(ranges):
        if merged and start <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(merged[-1][1], end))
        elif start < end:
            merged.append((start, end))
    return merged


def _fetch(member: Member, ranges: Sequence[tuple[int, int]], advance: Callable[[int], None]) -> list[_Stretch]:
    """Go through the file once more, and hold these ranges of it."""
    found = [bytearray() for _ in ranges]
    lines = [1] * len(ranges)
    offset = 0
    for chunk in member.content():
        following = offset + len(chunk)
        for number, (start, end) in enumerate(ranges):
            if start >= following:
                lines[number] += chunk.count(b"\n")
            elif end > offset:
                low = max(0, start - offset)
                lines[number] += chunk.count(b"\n", 0, low)
                found[number] += chunk[low : end - offset]
        offset = following
        advance(len(chunk))
    return [
        _Stretch(start, line, bytes(data), start + len(data) >= offset)
        for (start, _), line, data in zip(ranges, lines, found, strict=True)
    ]
