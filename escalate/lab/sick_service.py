"""A small web service that leaks memory and whose worker threads block on one lock; run as a script by the lab.

It prints `ready PORT` once it listens, writes a container-style log (to a file, or behind that line), and ends by
itself after five minutes; with `--with-parent` it ends when its input does, which the lab holds open.
"""

from __future__ import annotations

import argparse
import logging
import os
import sys
import threading
import time
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

LIFETIME_S = 300
LEAK_STEP = 2 * 1024 * 1024
LEAK_LIMIT = 192 * 1024 * 1024
LEAK_EVERY_S = 0.5

INVENTED_CONNECTION_STRING = (
    "Server=tcp:orders-db.database.windows.net,1433;Database=orders;User ID=shop;Password=Wint3r-is-c0ming-4you;"
)
"""Nobody's: it stands in log and environment so that the demo can show what redaction does to it."""


class _UtcFormatter(logging.Formatter):
    def formatTime(self, record: logging.LogRecord, datefmt: str | None = None) -> str:
        return datetime.fromtimestamp(record.created, UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")


class _Handler(BaseHTTPRequestHandler):
    order_lock = threading.Lock()
    log = logging.getLogger("orders")

    def do_GET(self) -> None:
        self.log.info("GET %s waits for the order lock", self.path)
        with self.order_lock:
            self.send_response(200)
            self.end_headers()

    def log_message(self, format: str, *args: Any) -> None:
        self.log.info(format, *args)


def _hold_forever(lock: threading.Lock, log: logging.Logger) -> None:
    lock.acquire()
    log.error("order export took the order lock and waits for a reply that never comes")
    time.sleep(LIFETIME_S)


def _leak(log: logging.Logger) -> None:
    kept: list[bytearray] = []
    while True:
        if len(kept) * LEAK_STEP < LEAK_LIMIT:
            kept.append(bytearray(os.urandom(4096) * (LEAK_STEP // 4096)))
            log.warning("order cache holds %d entries and never evicts", len(kept))
        time.sleep(LEAK_EVERY_S)


def main() -> None:
    """Serve, leak and block until the time is over."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("--log", type=Path, help="default: standard output")
    parser.add_argument("--with-parent", action="store_true")
    arguments = parser.parse_args()
    handler: logging.Handler = logging.StreamHandler(sys.stdout)
    if arguments.log:
        handler = logging.FileHandler(arguments.log, encoding="utf-8")
    handler.setFormatter(_UtcFormatter("%(asctime)s %(levelname)s [%(threadName)s] %(message)s"))
    log = _Handler.log
    log.addHandler(handler)
    log.setLevel(logging.INFO)
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Handler)
    server.daemon_threads = True
    sys.stdout.write(f"ready {server.server_port}\n")
    sys.stdout.flush()
    log.info("connecting with %s", os.environ.get("SQLAZURECONNSTR_ORDERS", INVENTED_CONNECTION_STRING))
    threading.Thread(target=_hold_forever, args=(_Handler.order_lock, log), name="order-export", daemon=True).start()
    threading.Thread(target=_leak, args=(log,), name="order-cache", daemon=True).start()
    threading.Thread(target=server.serve_forever, name="acceptor", daemon=True).start()
    if arguments.with_parent:
        sys.stdin.buffer.read()
    else:
        time.sleep(LIFETIME_S)


if __name__ == "__main__":
    main()
