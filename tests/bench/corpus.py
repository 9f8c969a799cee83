"""A seeded log of any size: access lines, app lines, and a planted secret now and then."""

from __future__ import annotations

import random
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

SECRET_EVERY = 2_000
"""Lines between two planted secrets."""
CLIENTS = 2_000


def lines(seed: int) -> Iterator[bytes]:
    """Endless log lines of a container, equal for equal seeds."""
    random_ = random.Random(seed)
    clients = [".".join(str(random_.randrange(1, 255)) for _ in range(4)) for _ in range(CLIENTS)]
    now = datetime(2026, 4, 4, 5, 0, tzinfo=UTC)
    number = 0
    while True:
        number += 1
        now += timedelta(milliseconds=random_.randrange(1, 40))
        stamp = f"{now:%Y-%m-%dT%H:%M:%S}.{now.microsecond * 10:07d}Z"
        if number % SECRET_EVERY == 0:
            yield f"{stamp} connecting with Server=db;Password=pw-{random_.getrandbits(64):016x};\n".encode()
        elif number % 3:
            address = random_.choice(clients)
            path = f"/api/orders/{random_.randrange(100_000)}"
            yield f'{stamp} {address} - - "GET {path} HTTP/1.1" 200 {random_.randrange(90_000)}\n'.encode()
        else:
            yield f"{stamp} INFO [http-{random_.randrange(16)}] order {random_.getrandbits(32):08x} stored\n".encode()


def write_log(place: Path, size: int, seed: int = 7) -> None:
    """A log of at least `size` bytes."""
    written = 0
    with place.open("wb") as out:
        for line in lines(seed):
            written += out.write(line)
            if written >= size:
                return
