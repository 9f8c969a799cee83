"""WEBSITE_COUNTERS_ALL of an app: what the sandbox of a Windows plan counts, and its limits."""

from __future__ import annotations

from escalate.lab.world import Json


def counters(
    *, connections: int, connection_limit: int = 1920, threads: int = 41, private: int = 90_112_000, handles: int = 1210
) -> Json:
    """All three families; 1920 connections is the limit of a small worker."""
    return {
        "app": {
            "userTime": 9_000_000,
            "kernelTime": 4_100_000,
            "pageFaults": 1_502_010,
            "processes": 1,
            "processLimit": 32,
            "threads": threads,
            "threadLimit": 512,
            "connections": connections,
            "connectionLimit": connection_limit,
            "activeConnections": connections,
            "activeConnectionLimit": connection_limit,
            "namedPipes": 2,
            "namedPipeLimit": 128,
            "sections": 3,
            "sectionLimit": 256,
            "remoteOpens": 120,
            "remoteWrites": 4,
            "privateBytes": private,
            "handles": handles,
            "readIoOperations": 44_012,
            "writeIoOperations": 9_120,
        },
        "clr": {
            "bytesInAllHeaps": int(private * 0.4),
            "gcHandles": 211,
            "gen0Collections": 830,
            "gen1Collections": 190,
            "gen2Collections": 21,
            "inducedGC": 0,
        },
        "aspNet": {"requestsWaiting": 0, "requestsInApplicationQueue": 0, "requestsExecuting": 2},
    }
