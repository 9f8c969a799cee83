"""Writes small heap dumps by the book."""

from __future__ import annotations

import struct


class Maker:
    """Writes a small dump, record by record."""

    def __init__(self, id_size=8):
        self.size = id_size
        self.data = bytearray(b"JAVA PROFILE 1.0.2\0" + struct.pack(">IQ", id_size, 1))

    def ident(self, number):
        return number.to_bytes(self.size, "big")

    def record(self, tag, body, length=None):
        self.data += struct.pack(">BII", tag, 0, len(body) if length is None else length) + body
        return self

    def text(self, number, text):
        return self.record(1, self.ident(number) + text)

    def loaded(self, klass, name):
        return self.record(2, struct.pack(">I", 1) + self.ident(klass) + struct.pack(">I", 0) + self.ident(name))

    def klass(self, klass, parent, statics=(), fields=()):
        ids = b"".join(map(self.ident, (parent, 0, 0, 0, 0, 0)))
        body = b"\x20" + self.ident(klass) + bytes(4) + ids + bytes(4) + struct.pack(">H", 0)
        body += struct.pack(">H", len(statics)) + b"".join(
            self.ident(name) + bytes([kind]) + value for name, kind, value in statics
        )
        return (
            body + struct.pack(">H", len(fields)) + b"".join(self.ident(name) + bytes([kind]) for name, kind in fields)
        )

    def instance(self, number, klass, values):
        return b"\x21" + self.ident(number) + bytes(4) + self.ident(klass) + struct.pack(">I", len(values)) + values

    def chars(self, number, text):
        data = text.encode("utf-16-be")
        return b"\x23" + self.ident(number) + bytes(4) + struct.pack(">IB", len(data) // 2, 5) + data

    def heap(self, *subs, tag=0x1C):
        return self.record(tag, b"".join(subs))

    def end(self):
        return bytes(self.record(0x2C, b"").data)
