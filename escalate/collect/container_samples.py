"""Many files out of one script: each behind a line with a mark that nothing else prints."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from datetime import UTC, datetime

from escalate.collect.context import STAMP

_PLAIN = re.compile(r"[A-Za-z0-9._-]+(?:/[A-Za-z0-9._-]+)*")

FUNCTIONS = r"""
mark() { printf '\n%s %s\n' "$MARK" "$1"; }
get() {
  if [ -e "$2" ]; then
    mark "$1"
    said=$(cat "$2" 2>&1 >&3) || { mark "$1.refused"; echo "$said"; }
  fi
} 3>&1
stamp() {
  while at=$(date -u +%Y%m%dT%H%M%SZ); [ "$at" = "$last" ]; do sleep 0.2 2>/dev/null || sleep 1; done
  last=$at
}
run() {
  name=$1
  shift
  command -v "$1" >/dev/null 2>&1 || return 0
  mark "$name"
  "$@" 2>&1
}
"""
"""`get NAME FILE`: the file, or `NAME.refused` with what the kernel said; `run NAME PROGRAM ...`: what it prints;
`stamp` sets `at` to the time, and waits when the last one was in the same second: it names a folder."""


def marked(case_id: str, body: str) -> tuple[str, str]:
    """The mark, and a script that may use `mark`, `get`, `run` and `stamp`."""
    mark = f"=={hashlib.sha256(case_id.encode()).hexdigest()[:24]}=="
    return mark, f"MARK={mark}\n{FUNCTIONS}{body}"


def files_in(data: bytes, mark: str) -> Iterator[tuple[str, bytes]]:
    """(name, content) of every file in the output of such a script; names that could lead elsewhere are left out."""
    parts = data.split(f"\n{mark} ".encode())
    for part in parts[1:]:
        head, _, content = part.partition(b"\n")
        name = head.decode("utf-8", "replace")
        if _PLAIN.fullmatch(name) and ".." not in name and content.strip():
            yield name, content


def time_of(stamp: str) -> datetime:
    """The time that `stamp` of a script has named.

    Raises:
        ValueError: it is none.
    """
    return datetime.strptime(stamp, STAMP).replace(tzinfo=UTC)
