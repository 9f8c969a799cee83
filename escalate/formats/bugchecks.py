"""Names of Windows bugcheck codes (Microsoft, "Bug check code reference")."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

BUGCHECKS: Mapping[int, str] = MappingProxyType(
    {
        0x0A: "IRQL_NOT_LESS_OR_EQUAL",
        0x19: "BAD_POOL_HEADER",
        0x1A: "MEMORY_MANAGEMENT",
        0x1E: "KMODE_EXCEPTION_NOT_HANDLED",
        0x24: "NTFS_FILE_SYSTEM",
        0x27: "RDR_FILE_SYSTEM",
        0x3B: "SYSTEM_SERVICE_EXCEPTION",
        0x3F: "NO_MORE_SYSTEM_PTES",
        0x4D: "NO_PAGES_AVAILABLE",
        0x4E: "PFN_LIST_CORRUPT",
        0x50: "PAGE_FAULT_IN_NONPAGED_AREA",
        0x7A: "KERNEL_DATA_INPAGE_ERROR",
        0x7B: "INACCESSIBLE_BOOT_DEVICE",
        0x7E: "SYSTEM_THREAD_EXCEPTION_NOT_HANDLED",
        0x7F: "UNEXPECTED_KERNEL_MODE_TRAP",
        0x80: "NMI_HARDWARE_FAILURE",
        0x9C: "MACHINE_CHECK_EXCEPTION",
        0x9F: "DRIVER_POWER_STATE_FAILURE",
        0xC2: "BAD_POOL_CALLER",
        0xC4: "DRIVER_VERIFIER_DETECTED_VIOLATION",
        0xC5: "DRIVER_CORRUPTED_EXPOOL",
        0xD1: "DRIVER_IRQL_NOT_LESS_OR_EQUAL",
        0xE2: "MANUALLY_INITIATED_CRASH",
        0xEF: "CRITICAL_PROCESS_DIED",
        0xF4: "CRITICAL_OBJECT_TERMINATION",
        0xFC: "ATTEMPTED_EXECUTE_OF_NOEXECUTE_MEMORY",
        0x101: "CLOCK_WATCHDOG_TIMEOUT",
        0x109: "CRITICAL_STRUCTURE_CORRUPTION",
        0x124: "WHEA_UNCORRECTABLE_ERROR",
        0x133: "DPC_WATCHDOG_VIOLATION",
        0x139: "KERNEL_SECURITY_CHECK_FAILURE",
        0x154: "UNEXPECTED_STORE_EXCEPTION",
        0x161: "LIVE_SYSTEM_DUMP",
        0x20001: "HYPERVISOR_ERROR",
    }
)

ASKED_FOR = frozenset({0x80, 0xE2, 0x161})
"""Codes of dumps that somebody asked for: an NMI, the keyboard or NotMyFault, a live dump."""


def bugcheck_name(code: int) -> str:
    """`DRIVER_IRQL_NOT_LESS_OR_EQUAL` of 0xD1; the code in hex of what has no name here."""
    return BUGCHECKS.get(code, f"0x{code:08X}")
