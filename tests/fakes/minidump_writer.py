"""Writes minidumps as `minidumpapiset.h` has them, with every stream that a Windows dump of a process holds."""

from __future__ import annotations

import struct
from dataclasses import dataclass, field


@dataclass
class MinidumpWriter:
    memory: bytes
    full: bool = False
    """Memory64 list instead of a list of single ranges."""
    comment: str = "a comment"
    module: str = "C:\\home\\site\\wwwroot\\app.dll"
    symbols: bytes = b"C:\\Users\\jane\\src\\app.pdb"
    handle: str = "\\Device\\HarddiskVolume1\\app.log"
    thread_name: str = "worker 7"
    context: bytes = bytes(range(256))
    linux: dict[int, bytes] = field(default_factory=dict)
    extra: tuple[tuple[int, bytes], ...] = ()

    def data(self) -> bytes:
        self._out = bytearray(32)
        self._streams: list[tuple[int, int, int]] = []
        count = 11 + len(self.linux) + len(self.extra)
        directory = self._put(bytes(12 * count))
        stack = self._put(self.memory)
        context = self._put(self.context)
        thread = struct.pack("<IIIIQ", 7, 0, 32, 0, 0x7000) + struct.pack("<QII", 0x9000, len(self.memory), stack)
        thread += struct.pack("<II", len(self.context), context)
        self._stream(3, struct.pack("<I", 1) + thread)
        name, symbol = self._string(self.module), self._put(b"RSDS" + bytes(range(20)) + self.symbols + b"\0")
        module = struct.pack("<QIIII", 0x180000000, 4096, 1, 2, name) + bytes(52)
        module += struct.pack("<IIII", 25 + len(self.symbols), symbol, 0, 0) + bytes(16)
        self._stream(4, struct.pack("<I", 1) + module)
        self._stream(6, struct.pack("<II", 7, 0) + bytes(152) + struct.pack("<II", len(self.context), context))
        system = struct.pack("<HHHBBIIII", 9, 6, 1, 2, 1, 10, 0, 20348, 2) + struct.pack("<I", self._string("SP1"))
        self._stream(7, system + bytes(28))
        self._stream(10, self.comment.encode() + b"\0")
        self._stream(11, self.comment.encode("utf-16-le") + b"\0\0")
        handle = struct.pack("<QIIIIII", 4, self._string("File"), self._string(self.handle), 0, 1, 1, 1)
        self._stream(12, struct.pack("<IIII", 16, 32, 1, 0) + handle)
        unloaded = struct.pack("<QIIII", 0x5000, 4096, 0, 0, self._string("C:\\Users\\jane\\x\\old.dll"))
        self._stream(14, struct.pack("<III", 12, 24, 1) + unloaded)
        self._stream(15, struct.pack("<IIIIII", 24, 1, 4242, 0, 0, 0))
        self._stream(24, struct.pack("<IIQ", 1, 7, self._string(self.thread_name)))
        for kind, text in (*self.linux.items(), *self.extra):
            self._stream(kind, text)
        if self.full:
            place = len(self._out)
            half = len(self.memory) // 2
            ranges = struct.pack("<QQQQ", 0x9000, half, 0x20000, len(self.memory) - half)
            self._stream(9, struct.pack("<QQ", 2, place + 16 + len(ranges)) + ranges)
            self._put(self.memory)
        else:
            self._stream(5, struct.pack("<IQII", 1, 0x9000, len(self.memory), stack))
        struct.pack_into("<4sIIIIIQ", self._out, 0, b"MDMP", 0xA793, count, directory, 0, 0x60000000, 2)
        for number, entry in enumerate(self._streams):
            struct.pack_into("<III", self._out, directory + 12 * number, *entry)
        return bytes(self._out)

    def _put(self, data: bytes) -> int:
        place = len(self._out)
        self._out += data
        return place

    def _string(self, text: str) -> int:
        data = text.encode("utf-16-le")
        return self._put(struct.pack("<I", len(data)) + data + b"\0\0")

    def _stream(self, kind: int, data: bytes) -> None:
        self._streams.append((kind, len(data), self._put(data)))
