"""Container logs through ARM: the newest log as text, or all of them as a zip."""

from __future__ import annotations

import io
import re
import zipfile
from pathlib import Path

from werkzeug.wrappers import Response

from escalate.lab.arm.answer import empty
from escalate.lab.arm.ask import Ask, Route

_CONTAINER_LOG = re.compile(r"\d{4}_\d{2}_\d{2}_.+_(docker|platform|console|app)(\.\d+)?\.log")
TAIL = 1024 * 1024
"""Text is given up to this size, from the end."""


def _logs(ask: Ask) -> list[Path]:
    """Oldest first; apps without a container have none."""
    if ask.state.world.platform == "windows":
        return []
    folder = ask.state.home(ask.app) / "LogFiles"
    found = [path for path in folder.glob("*.log") if _CONTAINER_LOG.fullmatch(path.name)]
    return sorted(found, key=lambda path: (path.name[:10], path.stat().st_mtime, path.name))


def _text(ask: Ask) -> Response:
    logs = _logs(ask)
    if not logs:
        return empty(204)
    return Response(logs[-1].read_bytes()[-TAIL:], content_type="application/octet-stream")


def _zip(ask: Ask) -> Response:
    logs = _logs(ask)
    if not logs:
        return empty(204)
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for path in logs:
            archive.write(path, path.name)
    whole = buffer.getvalue()
    if ask.state.faults.on("truncated-zip"):
        whole = whole[: whole.index(b"PK\x01\x02")]
    return Response(
        whole, content_type="application/zip", headers={"Content-Disposition": "attachment; filename=containerlogs.zip"}
    )


ROUTES = (
    Route("POST", "site", "/containerlogs", "Microsoft.Web/sites/containerlogs/action", _text),
    Route("POST", "site", "/containerlogs/zip/download", "Microsoft.Web/sites/containerlogs/download/action", _zip),
)
