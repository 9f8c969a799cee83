"""What Kudu tells of a Windows sandbox: its counters, its processes, their threads and modules."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from pathlib import PurePosixPath
from typing import BinaryIO

from escalate.formats.json_lines import into, walk
from escalate.formats.names import instance_of, site_of
from escalate.formats.objects import Item, View, first_entry, number, plain_key, read_document, read_items, sample_keys
from escalate.formats.record import FieldValue, Record
from escalate.formats.registry import Format, Head
from escalate.formats.stamps import of_path, parse
from escalate.model.finding import Precision
from escalate.model.kind import Kind

_COUNTERS = frozenset(
    {
        "connections", "connectionlimit", "activeconnections", "activeconnectionlimit", "threads", "threadlimit",
        "processes", "processlimit", "namedpipes", "namedpipelimit", "sections", "sectionlimit", "remoteopens",
        "remotewrites", "gen2collections", "bytesinallheaps", "requestswaiting", "requestsinapplicationqueue",
    }
)  # fmt: skip
"""Names in WEBSITE_COUNTERS_APP, _CLR and _ASPNET."""

_PROCESS = frozenset({"handlecount", "threadcount", "iisprofiletimeoutinseconds", "privatememory", "workingset"})
_THREAD = frozenset({"startaddress", "waitreason", "prioritylevel", "basepriority", "currentpriority"})
_MODULE = frozenset({"baseaddress", "filename"})
_SPAN = re.compile(r"(?:(\d{1,7})\.)?(\d{1,2}):(\d{2}):(\d{2}(?:\.\d{1,7})?)")
_IN_HREF = {
    "process": re.compile(r"/processes/(-?\d{1,10})"),
    "thread": re.compile(r"/threads/\d+"),
    "module": re.compile(r"/modules/[0-9a-fA-F]+"),
}
_FAMILIES = ("app", "clr", "aspnet")
_COUNTER_FILE = into("", *(f"/{name}" for name in _FAMILIES), *(f"/website_counters_{name}" for name in _FAMILIES))
_VARIABLES = frozenset(f"websitecounters{name}" for name in _FAMILIES)


def read_counters(stream: BinaryIO, path: PurePosixPath) -> Iterator[Record]:
    """One record a file, also where the families are nested or are the text of variables; time and site by the path."""
    yield from read_document(stream, path, _counters)


def read_processes(stream: BinaryIO, path: PurePosixPath) -> Iterator[Record]:
    """One record a process, thread or module, without what is nested in it; spans of time are seconds."""
    yield from read_items(stream, path, _process)


def _counters(text: str, path: PurePosixPath) -> Iterator[Record]:
    fields: dict[str, FieldValue] = {}
    for value in walk(text, _COUNTER_FILE):
        if not value.path or not isinstance(value.path[-1], str) or isinstance(value.value, (dict, list)):
            continue
        if plain_key(value.path[-1]) in _VARIABLES:
            fields |= {name: number(inner) for name, inner in _told(value.value).items()}
        else:
            fields[value.path[-1]] = number(value.value)
    if not fields:
        return
    stamp = of_path(path)
    yield Record(
        line=text[: len(text) - len(text.lstrip())].count("\n") + 1,
        text=" ".join(f"{key}={value}" for key, value in fields.items()),
        ts=stamp.ts if stamp else None,
        precision=stamp.precision if stamp else Precision.UNKNOWN,
        pointer="",
        site=site_of(path),
        instance=instance_of(path),
        fields=fields,
    )


def _process(item: Item, path: PurePosixPath) -> Iterator[Record]:
    view = View(item.fields)
    inner = next((value for key, value in item.fields.items() if plain_key(key) == "properties"), None)
    own = inner if isinstance(inner, dict) else item.fields
    fields = {key: seconds(value) for key, value in own.items() if not isinstance(value, (dict, list))}
    if not fields:
        return
    when = view.text("timestamp")
    stamp = (parse(when, naive_is_utc=True) if when else None) or of_path(path)
    text = " ".join(f"{key}={value}" for key, value in fields.items() if value is not None)
    yield Record(
        line=item.line,
        text=text,
        ts=stamp.ts if stamp else None,
        precision=stamp.precision if stamp else Precision.UNKNOWN,
        pointer=item.pointer,
        site=site_of(path),
        instance=view.text("machinename") or instance_of(path),
        pid=_pid(view),
        fields=fields,
    )


def _pid(view: View) -> int | None:
    href = view.text("process", "href") or ""
    is_thread = view.get("startaddress", "waitreason") is not None or _IN_HREF["thread"].search(view.text("href") or "")
    given = None if is_thread else view.text("identifier", "id")
    if given and given.isascii() and given.isdigit() and len(given) <= 10:
        return int(given)
    match = _IN_HREF["process"].search(href)
    return int(match[1]) if match and int(match[1]) > 0 else None


def seconds(value: object) -> FieldValue:
    """`1.02:03:04.5000000`, as .NET writes spans of time, in seconds; all else as `number` has it."""
    match = _SPAN.fullmatch(value) if isinstance(value, str) else None
    if match is None:
        return number(value)
    return int(match[1] or 0) * 86400 + int(match[2]) * 3600 + int(match[3]) * 60 + float(match[4])


def _told(value: object) -> Mapping[str, object]:
    """What the text of a WEBSITE_COUNTERS variable holds; nothing where it is no JSON."""
    try:
        told = json.loads(value) if isinstance(value, str) else value
    except ValueError:
        return {}
    return told if isinstance(told, dict) else {}


def _is_counters(head: Head) -> bool:
    if not isinstance(head.json, dict):
        return False
    keys = sample_keys(head)
    for key, inner in first_entry(head.json).items():
        if plain_key(key) in _FAMILIES or plain_key(key) in _VARIABLES:
            keys |= {plain_key(name) for name in _told(inner)}
    return len(keys & _COUNTERS) >= 3 and not keys & {"href", "machinename"}


def _is_process(head: Head) -> bool:
    keys = sample_keys(head)
    if head.json is None or keys & _THREAD:
        return False
    return len(keys & _PROCESS) >= 2 or _has_href(head, "process")


def _is_thread(head: Head) -> bool:
    return head.json is not None and (len(sample_keys(head) & _THREAD) >= 2 or _has_href(head, "thread"))


def _is_module(head: Head) -> bool:
    return head.json is not None and (sample_keys(head) >= _MODULE or _has_href(head, "module"))


def _has_href(head: Head, what: str) -> bool:
    return bool(_IN_HREF[what].search(View(first_entry(head.json)).text("href") or ""))


FORMATS = (
    Format(Kind.COUNTERS, "application/json", _is_counters, rank=24, read=read_counters),
    Format(Kind.KUDU_THREAD, "application/json", _is_thread, rank=24, read=read_processes),
    Format(Kind.KUDU_MODULE, "application/json", _is_module, rank=24, read=read_processes),
    Format(Kind.KUDU_PROCESS, "application/json", _is_process, rank=25, read=read_processes),
)
