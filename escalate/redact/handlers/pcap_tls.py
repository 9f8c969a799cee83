"""TLS records at the beginning of a segment: who speaks which version with which ciphers, and every alert.

Kept are record headers, handshake headers, alerts, and of the hellos what is negotiated. Randoms, session ids, key
shares, tickets, certificates and all that is encrypted become zeros; the name of the server becomes a pseudonym.
"""

from __future__ import annotations

from escalate.redact.handlers.pcap_names import NameMap

_CHANGE_CIPHER, _ALERT, _HANDSHAKE, _LAST = 20, 21, 22, 23
_LONGEST = (1 << 14) + 2048
"""Bytes of a record with room for encryption (RFC 5246)."""
_HEAD = 5
_CLIENT_HELLO, _SERVER_HELLO = 1, 2
_MESSAGES = frozenset((0, 1, 2, 4, 5, 8, 11, 12, 13, 14, 15, 16, 20, 22, 24))
_RETRY = bytes.fromhex("cf21ad74e59a6111be1d8c021e65b891c2a211167abb8c5e079e09e2c8a8339c")
"""The random that makes a ServerHello a HelloRetryRequest (RFC 8446, 4.1.3): a constant."""
_SERVER_NAME, _ALPN = 0, 16
_NUMBERS = frozenset((1, 5, 10, 11, 13, 28, 43, 45, 50))
"""Extensions that list code points: fragment length, status, groups, formats, signatures, versions, PSK modes."""
_LONGEST_NUMBERS = 256
_PROTOCOLS = frozenset((b"h2", b"http/1.1", b"http/1.0", b"h3", b"h2c", b"amqp", b"mqtt", b"ftp", b"imap", b"pop3"))


class TlsRecords:
    """Rewrites segments of one capture."""

    def __init__(self, names: NameMap) -> None:
        self._names = names

    def rewritten(self, data: bytes) -> bytes:
        """What may be kept of a segment; nothing, where it does not begin with a record."""
        out = bytearray(len(data))
        at = keep = 0
        while at + _HEAD <= len(data):
            kind, length = data[at], data[at + 3] << 8 | data[at + 4]
            if (
                not _CHANGE_CIPHER <= kind <= _LAST
                or data[at + 1] != 3
                or data[at + 2] > 4
                or not 0 < length <= _LONGEST
            ):
                break
            out[at : at + _HEAD] = data[at : at + _HEAD]
            body = data[at + _HEAD : at + _HEAD + length]
            kept = self._body(kind, body, length)
            out[at + _HEAD : at + _HEAD + len(kept)] = kept
            keep = at + _HEAD + len(kept)
            at += _HEAD + length
        return bytes(out[:keep])

    def _body(self, kind: int, body: bytes, length: int) -> bytes:
        if kind == _ALERT and length == 2 and len(body) == 2 and body[0] in (1, 2):
            return body
        if kind == _CHANGE_CIPHER and body == b"\x01":
            return body
        if kind != _HANDSHAKE or len(body) < 4 or body[0] not in _MESSAGES:
            return b""
        size = int.from_bytes(body[1:4])
        if size > 1 << 17:
            return b""
        message = body[4 : 4 + size]
        if body[0] in (_CLIENT_HELLO, _SERVER_HELLO):
            return body[:4] + _Hello(message, self._names, client=body[0] == _CLIENT_HELLO).kept()
        return body[:4] if size + 4 <= length else b""


class _Hello:
    def __init__(self, data: bytes, names: NameMap, *, client: bool) -> None:
        self._data = data
        self._names = names
        self._client = client
        self._out = bytearray()

    def kept(self) -> bytes:
        """The message as far as it was captured, to the last part that is whole."""
        data, out = self._data, self._out
        if len(data) < 35 or data[0] != 3 or data[1] > 4 or data[34] > 32:
            return b""
        out += data[:2]
        out += data[2:34] if data[2:34] == _RETRY else bytes(32)
        session = data[34]
        at = 35 + session
        out += data[34:35] + bytes(session)
        after = self._choices(at) if self._client else at + 3
        if after is None or after > len(data) or at > len(data):
            return bytes(out[: len(data)])
        out += data[at:after]
        if after + 2 > len(data):
            return bytes(out)
        out += data[after : after + 2]
        self._extensions(after + 2, min(len(data), after + 2 + (data[after] << 8 | data[after + 1])))
        return bytes(out)

    def _choices(self, at: int) -> int | None:
        """Behind the cipher suites and compression methods."""
        data = self._data
        if at + 2 > len(data):
            return None
        at += 2 + (data[at] << 8 | data[at + 1])
        if at >= len(data) or data[at] > 8:
            return None
        return at + 1 + data[at]

    def _extensions(self, at: int, stop: int) -> None:
        data = self._data
        while at + 4 <= stop:
            kind, size = data[at] << 8 | data[at + 1], data[at + 2] << 8 | data[at + 3]
            content = data[at + 4 : at + 4 + size]
            self._out += data[at : at + 4]
            if at + 4 + size > stop:
                return
            self._out += self._extension(kind, content)
            at += 4 + size

    def _extension(self, kind: int, content: bytes) -> bytes:
        if kind in _NUMBERS and len(content) <= _LONGEST_NUMBERS and (kind != 5 or len(content) <= 5):
            return content
        if kind == _SERVER_NAME and content[2:3] == b"\0" and len(content) >= 5:
            size = int.from_bytes(content[3:5])
            if int.from_bytes(content[:2]) == size + 3 and len(content) == size + 5:
                labels = self._names.mapped(tuple(content[5:].split(b".")))
                return content[:5] + b".".join(labels)
        if kind == _ALPN and _protocols(content):
            return content
        return bytes(len(content))


def _protocols(content: bytes) -> bool:
    """Whether it lists nothing but well-known protocols."""
    at = 2
    if int.from_bytes(content[:2]) != len(content) - 2:
        return False
    while at < len(content):
        size = content[at]
        if content[at + 1 : at + 1 + size] not in _PROTOCOLS and not _is_grease(content[at + 1 : at + 1 + size]):
            return False
        at += 1 + size
    return True


def _is_grease(name: bytes) -> bool:
    """RFC 8701: values that a client adds so that servers get used to the unknown."""
    return len(name) == 2 and name[0] == name[1] and name[0] & 15 == 10
