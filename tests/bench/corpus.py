"""Seeded logs of any size: access, app, IIS, telemetry, a mix of all, and a planted secret now and then."""

from __future__ import annotations

import itertools
import json
import random
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path

SECRET_EVERY = 2_000
"""Lines between two planted secrets of an access log."""
SECRET_BYTES = 3_000_000
"""Bytes between two planted secrets of the other logs."""
CLIENTS = 2_000
INSTANCES = 8
"""Machines of the app; the affinity cookie names one of them."""
_AGENT = (
    "Mozilla/5.0+(Windows+NT+10.0;+Win64;+x64)+AppleWebKit/537.36+(KHTML,+like+Gecko)+Chrome/118.0.0.0+Safari/537.36"
)
_FRAMES = (
    "   at Microsoft.EntityFrameworkCore.Storage.RelationalCommand.ExecuteReaderAsync(RelationalCommandParameter p)",
    "   at Shop.Orders.OrderService.StoreAsync(Order order) in /home/site/src/Shop/Orders/OrderService.cs:line 214",
    "   at System.Runtime.CompilerServices.TaskAwaiter.ThrowForNonSuccess(Task task)",
    "\tat org.springframework.web.servlet.FrameworkServlet.service(FrameworkServlet.java:897) ~[spring-webmvc.jar]",
    "\tat java.base/java.util.concurrent.ThreadPoolExecutor.runWorker(ThreadPoolExecutor.java:1136)",
    "Caused by: java.net.SocketTimeoutException: Read timed out after 30000 ms",
)


def _clients(random_: random.Random) -> list[str]:
    return [".".join(str(random_.randrange(1, 255)) for _ in range(4)) for _ in range(CLIENTS)]


def _clock(random_: random.Random) -> Iterator[datetime]:
    now = datetime(2026, 4, 4, 5, 0, tzinfo=UTC)
    while True:
        now += timedelta(milliseconds=random_.randrange(1, 40))
        yield now


def _stamp(now: datetime) -> str:
    return f"{now:%Y-%m-%dT%H:%M:%S}.{now.microsecond * 10:07d}Z"


def access_lines(seed: int) -> Iterator[bytes]:
    """Endless log lines of a container: two of three name a client."""
    random_ = random.Random(seed)
    clients = _clients(random_)
    for number, now in enumerate(_clock(random_), start=1):
        stamp = _stamp(now)
        if number % SECRET_EVERY == 0:
            yield f"{stamp} connecting with Server=db;Password=pw-{random_.getrandbits(64):016x};\n".encode()
        elif number % 3:
            address = random_.choice(clients)
            path = f"/api/orders/{random_.randrange(100_000)}"
            yield f'{stamp} {address} - - "GET {path} HTTP/1.1" 200 {random_.randrange(90_000)}\n'.encode()
        else:
            yield f"{stamp} INFO [http-{random_.randrange(16)}] order {random_.getrandbits(32):08x} stored\n".encode()


def app_lines(seed: int) -> Iterator[bytes]:
    """Endless lines of an app and of the platform around it, with stack traces."""
    random_ = random.Random(seed)
    for number, now in enumerate(_clock(random_), start=1):
        stamp = _stamp(now)
        order, request = f"{random_.getrandbits(32):08x}", f"{random_.getrandbits(64):016x}"
        if number % 40 == 0:
            yield f"{stamp} ERROR [http-{number % 16}] order {order} failed: TimeoutException\n".encode()
            yield "".join(f"{frame}\n" for frame in random_.choices(_FRAMES, k=12)).encode()
        elif number % 7 == 0:
            line = f"INFO  - Site shop-prod stable: warmup {request} to 169.254.129.3:8080 took {number % 977} ms"
            yield f"{stamp} {line}\n".encode()
        elif number % 5 == 0:
            line = (
                f"Request finished HTTP/1.1 GET http://shop/api/orders/{order} - 200 - application/json;+charset=utf-8"
            )
            yield f"info: Microsoft.AspNetCore.Hosting.Diagnostics[2]\n      {line} {number % 977}.1207ms\n".encode()
        elif number % 3 == 0:
            line = f"[{number}.{number % 1000:06d}] eth0: link up, session {request} opened for user root by (uid=0)"
            yield f"{now:%b %d %H:%M:%S} lw0mdlwk000001 kernel: {line}\n".encode()
        else:
            line = f"com.example.orders.Store - token bucket has {number % 100} left, order={order} state=STORED"
            yield f"{stamp} DEBUG [worker-{number % 8}] {line} key={number % 13}\n".encode()


def iis_lines(seed: int) -> Iterator[bytes]:
    """Endless lines of a W3C log of IIS, with a client and an affinity cookie in each."""
    random_ = random.Random(seed)
    clients = _clients(random_)
    instances = [f"{random_.getrandbits(256):064x}" for _ in range(INSTANCES)]
    fields = (
        "date time s-sitename cs-method cs-uri-stem cs-uri-query s-port cs-username c-ip cs(User-Agent) cs(Cookie) "
        "cs(Referer) cs-host sc-status sc-substatus sc-win32-status sc-bytes cs-bytes time-taken"
    )
    yield f"#Software: Microsoft Internet Information Services 8.0\n#Fields: {fields}\n".encode()
    for now in _clock(random_):
        path = f"/api/orders/{random_.randrange(100_000)} X-ARR-LOG-ID={random_.getrandbits(128):032x}"
        cookie = f"ARRAffinity={random_.choice(instances)}" if random_.random() < 0.5 else "-"
        yield (
            f"{now:%Y-%m-%d %H:%M:%S} SHOP-PROD GET {path} 443 - {random_.choice(clients)} {_AGENT} {cookie} "
            f"https://shop-prod.azurewebsites.net/cart shop-prod.azurewebsites.net 200 0 0 "
            f"{random_.randrange(90_000)} 1187 {random_.randrange(900)}\n"
        ).encode()


def telemetry_lines(seed: int) -> Iterator[bytes]:
    """Endless JSON lines as an Application Insights export has them."""
    random_ = random.Random(seed)
    clients = _clients(random_)
    for now in _clock(random_):
        operation, order = f"{random_.getrandbits(128):032x}", f"{random_.getrandbits(32):08x}"
        record = {
            "timestamp": _stamp(now),
            "itemType": "request",
            "name": "GET Orders/Get [id]",
            "url": f"https://shop-prod.azurewebsites.net/api/orders/{order}?page={random_.randrange(90)}",
            "resultCode": "200",
            "duration": random_.random() * 1000,
            "operation_Id": operation,
            "operation_ParentId": operation[:16],
            "session_Id": "",
            "user_Id": "",
            "client_IP": random_.choice(clients) if random_.random() < 0.1 else "0.0.0.0",
            "cloud_RoleInstance": "lw0mdlwk000001",
            "appId": "2f5e1b9c-0000-4000-8000-1234567890ab",
            "customDimensions": {
                "AspNetCoreEnvironment": "Production",
                "EventId": '{"Id":2,"Name":"RequestFinished"}',
                "RequestId": f"0HN{order.upper()}:00000002",
                "_MS.ProcessedByMetricExtractors": "(Name:'Requests', Ver:'1.1')",
            },
            "sdkVersion": "aspnet5c:2.21.0+9e8a3f",
        }
        yield json.dumps(record).encode() + b"\n"


def mixed_lines(seed: int) -> Iterator[bytes]:
    """60 % of app lines, 20 % of IIS lines, 20 % of telemetry, by bytes."""
    parts = [(0.6, app_lines(seed)), (0.2, iis_lines(seed + 1)), (0.2, telemetry_lines(seed + 2))]
    written = [0.0] * len(parts)
    while True:
        least = min(range(len(parts)), key=lambda place: written[place] / parts[place][0])
        for line in itertools.islice(parts[least][1], 50):
            written[least] += len(line)
            yield line


def with_secrets(lines: Iterator[bytes], seed: int) -> Iterator[bytes]:
    """The lines, with a password after every `SECRET_BYTES` bytes."""
    random_ = random.Random(seed)
    since = 0
    for line in lines:
        yield line
        since += len(line)
        if since >= SECRET_BYTES:
            since = 0
            yield f"connecting with Server=db;Password=pw-{random_.getrandbits(64):016x};\n".encode()


KINDS: Mapping[str, Callable[[int], Iterator[bytes]]] = {
    "access": access_lines,
    "app": lambda seed: with_secrets(app_lines(seed), seed),
    "iis": lambda seed: with_secrets(iis_lines(seed), seed),
    "telemetry": lambda seed: with_secrets(telemetry_lines(seed), seed),
    "mixed": lambda seed: with_secrets(mixed_lines(seed), seed),
}
"""What a log can be made of, by name."""


def write_log(place: Path, size: int, seed: int = 7, kind: str = "access") -> None:
    """A log of at least `size` bytes."""
    written = 0
    with place.open("wb") as out:
        for line in KINDS[kind](seed):
            written += out.write(line)
            if written >= size:
                return
