"""How a minidump is laid out (Microsoft `minidumpapiset.h`; Breakpad and Crashpad for Linux): numbers and shapes."""

from __future__ import annotations

import struct
from collections.abc import Mapping
from types import MappingProxyType

HEADER = struct.Struct("<4sIIIIIQ")
"""Signature, version, streams, place of the directory, checksum, time, flags."""
VERSION = 0xA793
ENTRY = struct.Struct("<III")
"""Type, size, place of a stream."""
LONG = struct.Struct("<QQ")

UNUSED, THREADS, MODULES, MEMORY, EXCEPTION, SYSTEM, THREADS_EX, MEMORY64, MISC = 0, 3, 4, 5, 6, 7, 8, 9, 15
COMMENT_A, COMMENT_W, HANDLES, UNLOADED, THREAD_NAMES = 10, 11, 12, 14, 24
PROCESS_STATUS = 0x47670004
"""Breakpad's copy of /proc/PID/status."""

MOST_STREAMS = 4096
LONGEST_TABLE = 64 * 1024 * 1024
THREAD: Mapping[int, int] = MappingProxyType({THREADS: 48, THREADS_EX: 64})
"""Bytes of an entry."""
MODULE = 108
EXCEPTION_SIZE = 168

WINDOWS = 2
PLATFORMS: Mapping[int, str] = MappingProxyType(
    {WINDOWS: "Windows", 0x8101: "macOS", 0x8201: "Linux", 0x8203: "Android"}
)
"""`PlatformId` of the system: VER_PLATFORM_WIN32_NT, and those of Breakpad."""
MACHINES: Mapping[int, str] = MappingProxyType({0: "x86", 5: "arm", 9: "x86_64", 12: "aarch64", 0x8003: "aarch64"})
"""`ProcessorArchitecture`; the last is Breakpad's old number."""
CONTEXT_PC: Mapping[int, tuple[int, int]] = MappingProxyType(
    {0: (184, 4), 5: (64, 4), 9: (248, 8), 12: (264, 8), 0x8003: (264, 8)}
)
"""Place and bytes of the program counter in the context of a thread."""
