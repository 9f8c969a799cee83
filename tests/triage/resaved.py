"""Evidence as other tools save it: CSV of the portal, lists of az and PowerShell, line ends of Windows."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path

from escalate.formats.stamps import parse

Save = Callable[[str, bytes], tuple[str, bytes] | None]
"""(name below the folder, content) to what another tool would have written; None: this file is not of its kind."""


def portal_csv(name: str, content: bytes) -> tuple[str, bytes] | None:
    """A table of Log Analytics or Application Insights as the portal exports it, times as a browser shows them."""
    table = _table(name, content)
    if table is None:
        return None
    columns, rows = table
    times = [column for column in columns if column in ("TimeGenerated", "timestamp")]
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow([f"{column} [UTC]" if column in times else column for column in columns])
    for row in rows:
        writer.writerow(
            [_shown(value) if column in times else value for column, value in zip(columns, row, strict=True)]
        )
    return name.removesuffix(".json") + ".csv", ("\ufeff" + out.getvalue()).encode()


def az_list(name: str, content: bytes) -> tuple[str, bytes] | None:
    """A table as `az monitor log-analytics query` prints it: a bare list of objects, every value a text."""
    table = _table(name, content)
    if table is None:
        return None
    columns, rows = table
    listed = [{**dict(zip(columns, map(str, row), strict=True)), "TableName": "PrimaryResult"} for row in rows]
    return name, json.dumps(listed, indent=2).encode()


def powershell(name: str, content: bytes) -> tuple[str, bytes] | None:
    """The activity log as `Get-AzActivityLog | ConvertTo-Json` of Windows PowerShell: UTF-16, dates of its own."""
    document = _json(name, content)
    rows = document.get("value") if isinstance(document, dict) else document
    if not isinstance(rows, list) or not rows or "eventTimestamp" not in rows[0]:
        return None
    saved = [
        {
            "Caller": row.get("caller"),
            "EventTimestamp": f"/Date({_milliseconds(row['eventTimestamp'])})/",
            "OperationName": row["operationName"],
            "Status": row.get("status"),
            "Level": row.get("level"),
            "ResourceId": row.get("resourceId"),
        }
        for row in rows
    ]
    return name, json.dumps(saved, indent=4).encode("utf-16")


def windows_lines(name: str, content: bytes) -> tuple[str, bytes] | None:
    """A text that went through an editor of Windows: CR LF and a byte order mark."""
    is_text = name.endswith((".log", ".txt")) and b"\x00" not in content
    return (name, b"\xef\xbb\xbf" + content.replace(b"\n", b"\r\n")) if is_text else None


TOOLS: Mapping[str, tuple[Save, ...]] = {
    "portal": (portal_csv, powershell, windows_lines),
    "az": (az_list, windows_lines),
}


def resave(source: Path, target: Path, tool: str) -> int:
    """Write all of `source` below `target`, what the tool can save in its form; returns how many files differ."""
    differing = 0
    for path in sorted(path for path in source.rglob("*") if path.is_file()):
        name, content = str(path.relative_to(source)), path.read_bytes()
        found = (save(name, content) for save in TOOLS[tool])
        saved = next((item for item in found if item is not None), None)
        differing += saved is not None
        name, content = saved or (name, content)
        place = target / "from ops" / name
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(content)
    return differing


def _json(name: str, content: bytes) -> object:
    return json.loads(content) if name.endswith(".json") else None


def _table(name: str, content: bytes) -> tuple[list[str], list[list[object]]] | None:
    document = _json(name, content)
    if isinstance(document, dict) and "tables" in document:
        table = document["tables"][0]
        return [column["name"] for column in table["columns"]], table["rows"]
    if isinstance(document, list) and document and "TimeGenerated" in document[0]:
        columns = list(document[0])
        return columns, [[row.get(column, "") for column in columns] for row in document]
    return None


def _when(text: object) -> datetime:
    stamp = parse(str(text), naive_is_utc=True)
    assert stamp is not None, text
    return stamp.ts.astimezone(UTC)


def _shown(text: object) -> str:
    when = _when(text)
    clock = f"{when.hour % 12 or 12}:{when:%M:%S}.{when.microsecond // 1000:03d} {when:%p}"
    return f"{when.month}/{when.day}/{when.year}, {clock}"


def _milliseconds(text: object) -> int:
    return round(_when(text).timestamp() * 1000)
