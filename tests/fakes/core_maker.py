"""Writes small ELF cores by the book, and some against it."""

from __future__ import annotations

import struct
from dataclasses import dataclass

_PAGE = 256


@dataclass
class CoreMaker:
    heap: bytes
    wide: bool = True
    arguments: bytes = b"app --port 80"
    code: bytes = b"\x90" * 32
    code_of_file: bool = False
    empty_segments: int = 0
    kind: int = 4
    overlap: bool = False
    process_size: int = 0
    stack_pointer: int = 0
    machine: int = 0

    def data(self) -> bytes:
        word = "Q" if self.wide else "I"
        entry, head = (56, 64) if self.wide else (32, 52)
        count = 4 + self.empty_segments
        sections = 64 if count > 0xFFFE else 0
        table = head
        after = table + count * entry
        notes = self._notes(word)
        place = after + sections
        segments, blobs = [(4, 4, place, 0, len(notes), 0)], [notes]
        place += len(notes)
        for address, flags, blob in ((0x10000, 5, self.code), (0x40000, 6, self.heap), (0x90000, 4, b"const")):
            padding = -place % _PAGE
            blobs.append(bytes(padding) + blob)
            segments.append(
                (1, flags, place + padding - (padding + 8 if self.overlap else 0), address, len(blob), len(blob))
            )
            place += padding + len(blob)
        segments += [(1, 6, 0, 0x200000 + 4096 * number, 0, 4096) for number in range(self.empty_segments)]
        packed = b"".join(self._segment(*one) for one in segments)
        section = b""
        if sections:
            section = bytes(44) + struct.pack("<I", count) + bytes(16)
        numbers = (
            self.kind,
            self.machine or (62 if self.wide else 3),
            1,
            0,
            table,
            after if sections else 0,
            0,
            head,
            entry,
        )
        start = b"\x7fELF" + bytes([2 if self.wide else 1, 1, 1]) + bytes(9)
        start += struct.pack(f"<HHI3{word}IHH", *numbers)
        start += struct.pack("<4H", min(count, 0xFFFF), 64 if sections else 0, 1 if sections else 0, 0)
        return start + packed + section + b"".join(blobs)

    def _segment(self, kind: int, flags: int, offset: int, address: int, size: int, memory: int) -> bytes:
        if self.wide:
            return struct.pack("<IIQQQQQQ", kind, flags, offset, address, 0, size, memory, 1)
        return struct.pack("<IIIIIIII", kind, offset, address, 0, size, memory, flags, 1)

    def _notes(self, word: str) -> bytes:
        size = self.process_size or (136 if self.wide else 124)
        process = bytes(size - 96) + b"app".ljust(16, b"\0") + self.arguments.ljust(80, b"\0")
        status = bytearray((bytes(range(64)) * 6)[: 336 if self.wide else 144])
        if self.stack_pointer:
            struct.pack_into(f"<{word}", status, 264 if self.wide else 132, self.stack_pointer)
        files = struct.pack(f"<2{word}", 1, 4096)
        files += struct.pack(f"<3{word}", *((0x10000, 0x11000) if self.code_of_file else (0x1000, 0x2000)), 0)
        files += b"/usr/bin/app\0"
        return b"".join(
            struct.pack("<III", 5, len(body), kind) + b"CORE\0\0\0\0" + body + bytes(-len(body) % 4)
            for kind, body in ((3, process), (1, status), (0x46494C45, files))
        )
