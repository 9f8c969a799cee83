"""The one shape in which every reader hands out what it read.

What `fields` holds, by kind (numbers are numbers, sizes are bytes, times are seconds unless the name says otherwise):

* container-log, platform-log: one record a physical line; `level` where the line has one. A line without a time of
  its own takes the time of the line before. `text` is the line without its receive-time prefix and without ANSI codes.
* w3c-log: one record a row; `fields` by the names in `#Fields` (`sc-status`, `time-taken` in ms, `cs-uri-stem`, ...).
* event-log: one record an event; `provider`, `event_id`, `level`, `record_id`; `instance` is `Computer`.
* failed-request: one record; attributes of `failedRequest` (`url`, `statusCode`, `timeTaken` in ms, ...).
* log-table: one record a row; `fields` by column name, plus `_table` (the table's name, from the file's name when the
  result is called PrimaryResult). `text` is all cells joined by ` | `.
* detector: one record a row of every dataset; `fields` by column name, plus `_detector` (metadata id), `_table`,
  `_status` (message) and `_status_id`. A detector without rows gives one record with the status alone.
* metrics: one record a data point; `metric`, `aggregation`, `value`, `unit`.
* activity-log: one record an event; `operation`, `status`, `caller`, `resource_id`, `correlation_id`, `level`.
* resource-health, service-health: one record an entry; `state`/`status`, `reason`, `summary`, `tracking_id`.
* counters: one record a file; the counters by their own names (`connections`, `connectionLimit`, ...).
* kudu-process: one record a process; the fields by their own names, times as seconds.
* kudu-module: one record a module; `file_name`, `file_version`, `base_address`.
* proc-meminfo, proc-vmstat, proc-status, proc-other with `key value` lines: one record a line; `name`, `value`
  (meminfo and status sizes in bytes). proc-pressure: one record a line; `resource`, `share` (some|full), `avg10`,
  `avg60`, `avg300`, `total_us`. proc-stat: one record a line; `name`, and for cpu lines `user` ... `steal` in ticks.
  proc-loadavg: one record; `load1`, `load5`, `load15`. The time is the stamp in a folder's or file's name.
* thread-dump: one record a thread; `thread`, `state`, `nid`, `top` (first frame), `frames` (joined by newline),
  `waiting_to_lock`, `locked` (ids joined by a blank); and one record a deadlock; `deadlock` (its number), `threads`
  (names joined by `, `). `text` is the thread's header line or the deadlock's first line.
  A line that belongs to neither gives a record without fields (so do such lines of a class-histogram).
* stacks: as thread-dump, where the source has threads.
* hs-err: one record; `signal`, `pc`, `frame`, `sent_by_kill`, `jvm`, `elapsed_s`.
* elf-core, minidump, hprof, kernel-dump: `what` tells the record: `dump` (the first; `state`, `missing`, `process`,
  `threads`, `signal`, `code`, `parameters`, `pc`, `module`, `offset`, `frame`, `build_id`, `sent_by_kill`), `problem`,
  `place` (`frame`, `threads` that stand there), `module` (`name`, `id`); of hprof also `class` (as class-histogram, and
  `share` of all bytes), `array` (`class`, `count`, `bytes`, `holder`, `path`), `out-of-memory` (`top`, `frames`),
  `heap-cut`. Sizes of objects are shallow.
* kernel-log: one record a line; where the line tells of an event `name` is its kind, beside what it names (`task`,
  `pid`, `seconds`, `function`, `module`, `constraint`, `memcg`, ...).
* node-report: one record `name` "report" (`event`, `trigger`, `version`, `top`, `frames`, `heap_used`, `heap_limit`,
  `handles`), then one record a line.
* shell-transcript: one record a line; `command` (the command that printed it, or is on this line), `is_prompt`.
* class-histogram: one record a row; `rank`, `instances`, `bytes`, `class`.
* text, and every kind without a reader of its own that is text: one record a line.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from types import MappingProxyType
from typing import NamedTuple

from escalate.model.finding import Precision

FieldValue = str | int | float | bool | None

MAX_TEXT = 64 * 1024
"""Characters of a line or record that rules see; the rest of a monstrous line is skipped, the count of lines is not."""


_NOTHING: Mapping[str, FieldValue] = MappingProxyType({})


class Record(NamedTuple):
    """One line, row, event or sample of an artifact.

    A tuple, for logs give millions of them: a frozen dataclass takes four times as long to make.
    """

    line: int
    """First line of the record in the file, from 1."""
    text: str
    """What text rules are matched against."""
    ts: datetime | None = None
    """Aware UTC."""
    precision: Precision = Precision.UNKNOWN
    pointer: str | None = None
    """JSON pointer, or `event[3]` in XML."""
    site: str | None = None
    instance: str | None = None
    pid: int | None = None
    fields: Mapping[str, FieldValue] = _NOTHING
