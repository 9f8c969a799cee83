"""Whether a crash dump is of the incident: by its own time, its file's, or a text on such an end in the window."""

from __future__ import annotations

from datetime import timedelta

from escalate.triage.index import Index
from escalate.triage.place import Hit, inside
from escalate.triage.result import Args, Correlator, Result, fails, holds, text, unknown

ENDED = (
    r"exit(?:ed)? (?:with )?code:? ?(?:139|134|-1073741819|3221225477)\b|\(0x8B\)|code 139\b|[Ss]egmentation fault|"
    r"SIGSEGV|SIGABRT|core dumped|Exception code: 0x(?:c0000005|c0000374|c0000409)"
)
"""What platform, runtime or shell say when a process crashed."""
_WRITING = timedelta(minutes=10)
"""How long after the end of the incident its dump may still be written."""


def _evaluate(hit: Hit | None, args: Args, index: Index) -> Result:
    window = index.window
    if hit is None:
        return unknown("Which dump is meant is not known.")
    if window is None:
        return holds("No incident window was given; the dump counts.", hit.place)
    if hit.place.ts is not None:
        told = f"The dump is of {hit.place.ts:%Y-%m-%d %H:%M:%S} UTC"
        if inside(window, hit.place):
            return holds(f"{told}, inside the incident window.", hit.place)
        return fails(f"{told}, outside of the incident window.", hit.place)
    saved = hit.place.artifact.captured_at
    if saved is not None and window.start <= saved <= window.end + _WRITING:
        return holds(f"The dump was written at {saved:%Y-%m-%d %H:%M:%S} UTC, with the incident.", hit.place)
    spoken = [found.place for found in index.watched(text(args, "regex", ENDED)).hits if inside(window, found.place)]
    timed = [place for place in spoken if place.ts is not None]
    if timed:
        return holds("A text of the incident window speaks of such an end.", timed[0])
    return unknown("The core has no time of its own, and nothing in the incident window speaks of a crash.")


CORRELATOR = Correlator("dump_in_window", frozenset({"regex"}), _evaluate, (ENDED,))
