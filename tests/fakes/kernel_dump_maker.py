"""Writes dumps of whole machines as Windows, kdump and the crash kernel of Linux have them."""

from __future__ import annotations

import struct

TICKS = 133_000_000_000_000_000
"""2022-06-18 in 100 ns since 1601."""
PARAMETERS = (0xFFFF8000DEAD0000, 2, 1, 0xFFFFF80512345678)
INFO = b"OSRELEASE=5.15.0-1075-azure\nBUILD-ID=0011\nCRASHTIME=1767607200\n"


def windows(kind: int, pages: int = 3, code: int = 0xD1, driver: str = "") -> bytes:
    """A dump of 64-bit Windows: 1 full, 4 small, 6 a bitmap dump of the kernel."""
    head = bytearray(b"\xaa" * 0x2000)
    struct.pack_into("<8sII", head, 0, b"PAGEDU64", 15, 20348)
    struct.pack_into("<IIQ", head, 0x30, 0x8664, 2, code)
    struct.pack_into("<4Q", head, 0x40, *PARAMETERS)
    struct.pack_into("<IIQQQQQ", head, 0x88, 2, 0, pages, 1, 1, 9, pages - 1)
    struct.pack_into("<IIQQ", head, 0xF98, kind, 0, 0, TICKS)
    if kind == 1:
        return bytes(head) + bytes(4096 * pages)
    if kind == 4:
        name = struct.pack("<I", len(driver)) + driver.encode("utf-16-le") if driver else b""
        body = bytearray(0x1000)
        struct.pack_into("<II", body, 0, 0, 0x3000)
        if name:
            struct.pack_into("<I", body, 0x40, 0x2200)
            body[0x200 : 0x200 + len(name)] = name
        return bytes(head + body)
    second = bytearray(0x1000)
    struct.pack_into("<4s4s", second, 0, b"SDMP", b"DUMP")
    struct.pack_into("<QQQ", second, 0x20, 0x3000, pages, pages)
    return bytes(head) + bytes(second) + bytes(4096 * pages)


def kdump(pages: int = 3, status: int = 1) -> bytes:
    """Of kdump's compressed form; `status` with bit 8 is what makedumpfile leaves when the disk is full."""
    block = 4096
    head = bytearray(block)
    names = ("Linux", "vm-1", "5.15.0-1075-azure", "#84-Ubuntu SMP", "x86_64", "(none)")
    head[0:12] = struct.pack("<8si", b"KDUMP   ", 6)
    for number, name in enumerate(names):
        head[12 + 65 * number : 12 + 65 * number + len(name)] = name.encode()
    struct.pack_into("<QQIiiI", head, 408, 1_767_607_100, 0, status, block, 1, 2)
    sub = bytearray(block)
    struct.pack_into("<QiiQQQQ", sub, 0, 0, 31, 0, 0, 0, block + 512, len(INFO))
    sub[512 : 512 + len(INFO)] = INFO
    bitmaps = bytes(block) + bytes([(1 << pages) - 1]) + bytes(block - 1)
    data = 5 * block
    table = b"".join(struct.pack("<QIIQ", data + 100 * number, 100, 0, 0) for number in range(pages))
    return bytes(head) + bytes(sub) + bitmaps + table.ljust(block, b"\0") + bytes(100 * pages)


def flattened(whole: bool = True) -> bytes:
    """What makedumpfile -F writes."""
    head = b"makedumpfile\0\0\0\0" + struct.pack(">qq", 1, 1)
    inner = kdump()
    end = b"\xff" * 16 if whole else b""
    return head.ljust(4096, b"\0") + struct.pack(">qq", 0, len(inner)) + inner + end


def vmcore(memory: int = 5000) -> bytes:
    """An ELF file with VMCOREINFO and one segment of memory."""
    note = struct.pack("<III", 11, len(INFO), 0) + b"VMCOREINFO\0\0" + INFO + bytes(-len(INFO) % 4)
    ident = b"\x7fELF\x02\x01\x01" + bytes(9)
    notes_at = 64 + 2 * 56
    head = ident + struct.pack("<HHIQQQIHHHHHH", 4, 62, 1, 0, 64, 0, 0, 64, 56, 2, 0, 0, 0)
    table = struct.pack("<IIQQQQQQ", 4, 0, notes_at, 0, 0, len(note), len(note), 0)
    table += struct.pack("<IIQQQQQQ", 1, 7, notes_at + len(note), 0xFFFF888000000000, 0, memory, memory, 0)
    return head + table + note + bytes(memory)
