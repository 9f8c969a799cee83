"""How HPROF, the format of Java heap dumps, is laid out (JDK `heapDumper.cpp`): tags, sizes, sub-records."""

from __future__ import annotations

import re
import struct
from collections.abc import Mapping
from types import MappingProxyType

MAGIC = re.compile(rb"JAVA PROFILE 1\.0\.[12]\0")
HEADER = 19 + 4 + 8
"""Bytes of the magic with its zero, of the size of an id, and of the time in ms."""
RECORD = struct.Struct(">BII")
"""Tag, time, length of the body."""

UTF8, LOAD_CLASS, UNLOAD_CLASS, FRAME, TRACE = 0x01, 0x02, 0x03, 0x04, 0x05
HEAP_DUMP, HEAP_DUMP_SEGMENT, HEAP_DUMP_END = 0x0C, 0x1C, 0x2C
PLAIN = frozenset((UTF8, LOAD_CLASS, UNLOAD_CLASS, FRAME, TRACE, HEAP_DUMP_END))

CLASS_DUMP, INSTANCE_DUMP, OBJECT_ARRAY, PRIMITIVE_ARRAY = 0x20, 0x21, 0x22, 0x23

OBJECT = 2
SIZES: Mapping[int, int] = MappingProxyType({4: 1, 5: 2, 6: 4, 7: 8, 8: 1, 9: 2, 10: 4, 11: 8})
"""Bytes of boolean, char, float, double, byte, short, int, long."""
ELEMENTS: Mapping[int, str] = MappingProxyType(
    {4: "boolean", 5: "char", 6: "float", 7: "double", 8: "byte", 9: "short", 10: "int", 11: "long"}
)


def roots(id_size: int) -> Mapping[int, int]:
    """Bytes of the sub-records that hold ids and serial numbers only, by tag, without the tag."""
    return MappingProxyType(
        {
            0xFF: id_size,
            0x01: 2 * id_size,
            0x02: id_size + 8,
            0x03: id_size + 8,
            0x04: id_size + 4,
            0x05: id_size,
            0x06: id_size + 4,
            0x07: id_size,
            0x08: id_size + 8,
        }
    )
