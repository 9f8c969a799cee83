"""The structure of JSON: its brackets, colons and commas, in order, without what stands in strings."""

from __future__ import annotations

import hashlib

from escalate.redact.engine import Source

_STEP = 1024 * 1024
_SIGNS = b"[]{}:,"
_OTHER = bytes(set(range(256)) - set(_SIGNS))


def skeleton(source: Source) -> bytes | None:
    """A digest of the structure of one document or of many lines; None: its brackets or quotes do not match."""
    digest = hashlib.sha256()
    in_string = False
    rest = b""
    depth = [0, 0]
    while data := source.read(_STEP):
        data = (rest + data).replace(b"\\\\", b"")
        rest = b"\\" if data.endswith(b"\\") else b""
        parts = data[: len(data) - len(rest)].replace(b'\\"', b"").split(b'"')
        signs = b"".join(parts[in_string::2]).translate(None, _OTHER)
        in_string ^= len(parts) % 2 == 0
        digest.update(signs)
        depth[0] += signs.count(b"{") - signs.count(b"}")
        depth[1] += signs.count(b"[") - signs.count(b"]")
    return None if in_string or depth != [0, 0] else digest.digest()
