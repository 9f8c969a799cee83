"""journal.jsonl: the append-only record of a run, and the memory that lets a killed run go on."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

FILE_MODE = 0o600


class Journal:
    """One JSON object a line: ts, stage, event, and what the event needs.

    Events: `begin` and `end` of a stage with the digest of what it read, `step` for one finished step with its
    result, `note` for anything else. A line cut by a crash is ignored when read and closed before the next is added.
    """

    def __init__(self, path: Path) -> None:
        self._path = path

    def begin(self, stage: str, digest: str) -> dict[str, Any]:
        """Open a stage.

        Returns the results of the steps that an earlier, unfinished run over the same inputs completed, by step id.
        """
        done: dict[str, Any] = {}
        last: str | None = None
        for event in self.events():
            if event.get("stage") != stage:
                continue
            if event["event"] == "begin":
                if event.get("digest") != last:
                    done.clear()
                last = event.get("digest")
            elif event["event"] == "end":
                done.clear()
                last = None
            elif event["event"] == "step":
                done[event["step"]] = event["result"]
        if last != digest:
            done.clear()
        self._append({"stage": stage, "event": "begin", "digest": digest})
        return done

    def step(self, stage: str, step: str, result: Mapping[str, Any]) -> None:
        """One step of a stage is finished and need not be repeated."""
        self._append({"stage": stage, "event": "step", "step": step, "result": dict(result)})

    def note(self, stage: str, text: str, **facts: str | int | float | None) -> None:
        """Record anything else worth knowing later."""
        self._append({"stage": stage, "event": "note", "text": text, **facts})

    def end(self, stage: str, digest: str) -> None:
        """The stage wrote its document."""
        self._append({"stage": stage, "event": "end", "digest": digest})

    def is_done(self, stage: str, digest: str) -> bool:
        """Whether the last thing known of the stage is that it ended over the same inputs."""
        last: dict[str, Any] | None = None
        for event in self.events():
            if event.get("stage") == stage and event["event"] in ("begin", "end"):
                last = event
        return last is not None and last["event"] == "end" and last.get("digest") == digest

    def events(self) -> Iterator[dict[str, Any]]:
        """All readable events, oldest first."""
        try:
            with self._path.open("rb") as lines:
                for line in lines:
                    try:
                        event = json.loads(line)
                    except ValueError:
                        continue  # cut by a crash in the middle of a write; its step is simply done again
                    if isinstance(event, dict) and "event" in event:
                        yield event
        except FileNotFoundError:
            return

    def _append(self, event: Mapping[str, Any]) -> None:
        line = json.dumps({"ts": datetime.now(UTC).isoformat(timespec="milliseconds"), **event}, ensure_ascii=False)
        handle = os.open(self._path, os.O_RDWR | os.O_APPEND | os.O_CREAT, FILE_MODE)
        try:
            size = os.fstat(handle).st_size
            torn = size > 0 and os.pread(handle, 1, size - 1) != b"\n"
            os.write(handle, (b"\n" if torn else b"") + line.encode() + b"\n")
            os.fsync(handle)
        finally:
            os.close(handle)
