"""Rows of Log Analytics and Application Insights tables, with the columns that their documentation lists."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

from escalate.lab.world import LabApp, LabWorker, Table
from escalate.lab.worlds.parts import stamps
from escalate.lab.worlds.parts.noise import Noise, hex_id
from escalate.lab.worlds.parts.traffic import Request

Column = tuple[str, str]

_HTTP: tuple[Column, ...] = (
    ("TimeGenerated", "datetime"),
    ("CIp", "string"),
    ("ComputerName", "string"),
    ("Cookie", "string"),
    ("CsBytes", "long"),
    ("CsHost", "string"),
    ("CsMethod", "string"),
    ("CsUriQuery", "string"),
    ("CsUriStem", "string"),
    ("CsUsername", "string"),
    ("Referer", "string"),
    ("Result", "string"),
    ("ScBytes", "long"),
    ("ScStatus", "long"),
    ("ScSubStatus", "string"),
    ("ScWin32Status", "string"),
    ("SPort", "string"),
    ("TimeTaken", "long"),
    ("UserAgent", "string"),
    ("_ResourceId", "string"),
)
_PLATFORM: tuple[Column, ...] = (
    ("TimeGenerated", "datetime"),
    ("ActivityId", "string"),
    ("ContainerId", "string"),
    ("DeploymentId", "string"),
    ("Exception", "string"),
    ("Host", "string"),
    ("Level", "string"),
    ("Message", "string"),
    ("OperationName", "string"),
    ("StackTrace", "string"),
    ("_ResourceId", "string"),
)
_CONSOLE: tuple[Column, ...] = (
    ("TimeGenerated", "datetime"),
    ("Category", "string"),
    ("ContainerId", "string"),
    ("Host", "string"),
    ("Level", "string"),
    ("OperationName", "string"),
    ("ResultDescription", "string"),
    ("_ResourceId", "string"),
)
_REQUESTS: tuple[Column, ...] = (
    ("TimeGenerated", "datetime"),
    ("Id", "string"),
    ("Name", "string"),
    ("Url", "string"),
    ("Success", "bool"),
    ("ResultCode", "string"),
    ("DurationMs", "real"),
    ("OperationId", "string"),
    ("AppRoleName", "string"),
    ("AppRoleInstance", "string"),
    ("ClientIP", "string"),
    ("_ResourceId", "string"),
)
_DEPENDENCIES: tuple[Column, ...] = (
    ("TimeGenerated", "datetime"),
    ("Id", "string"),
    ("DependencyType", "string"),
    ("Target", "string"),
    ("Name", "string"),
    ("Data", "string"),
    ("Success", "bool"),
    ("ResultCode", "string"),
    ("DurationMs", "real"),
    ("OperationId", "string"),
    ("AppRoleName", "string"),
    ("AppRoleInstance", "string"),
    ("_ResourceId", "string"),
)
_EXCEPTIONS: tuple[Column, ...] = (
    ("TimeGenerated", "datetime"),
    ("ProblemId", "string"),
    ("SeverityLevel", "long"),
    ("ExceptionType", "string"),
    ("OuterMessage", "string"),
    ("InnermostMessage", "string"),
    ("OperationId", "string"),
    ("AppRoleName", "string"),
    ("AppRoleInstance", "string"),
    ("_ResourceId", "string"),
)


def http_table(app: LabApp, requests: Iterable[Request]) -> Table:
    """AppServiceHTTPLogs."""
    rows = tuple(
        (
            stamps.ticks(one.at),
            one.ip,
            one.worker.computer,
            f"ARRAffinity={one.worker.arm_id}; session={hex_id(one.ip, app.name)[:40]}",
            one.bytes_in,
            f"{app.name}.azurewebsites.net",
            one.method,
            f"X-ARR-LOG-ID={one.log_id}",
            one.path,
            "-",
            "-",
            "Success" if one.status < 400 else "Failure",
            one.bytes_out,
            one.status,
            str(one.sub),
            str(one.win32),
            "443",
            one.ms,
            one.agent,
            app.resource_id,
        )
        for one in requests
    )
    return Table("AppServiceHTTPLogs", _HTTP, rows)


def platform_table(noise: Noise, app: LabApp, rows: Iterable[tuple[datetime, LabWorker, str, str]]) -> Table:
    """AppServicePlatformLogs: (when, worker, level, message)."""
    return Table(
        "AppServicePlatformLogs",
        _PLATFORM,
        tuple(
            (
                stamps.ticks(at),
                noise.guid(),
                worker.container,
                "",
                "",
                worker.computer,
                level,
                message,
                "ContainerLogs",
                "",
                app.resource_id,
            )
            for at, worker, level, message in sorted(rows, key=lambda row: row[0])
        ),
    )


def console_table(app: LabApp, rows: Iterable[tuple[datetime, LabWorker, str]], level: str = "Error") -> Table:
    """AppServiceConsoleLogs: (when, worker, line); STDERR is Error, STDOUT Informational."""
    return Table(
        "AppServiceConsoleLogs",
        _CONSOLE,
        tuple(
            (
                stamps.ticks(at),
                "AppServiceConsoleLogs",
                worker.container,
                worker.computer,
                level,
                "Microsoft.Web/sites/log",
                line,
                app.resource_id,
            )
            for at, worker, line in sorted(rows, key=lambda row: row[0])
        ),
    )


def requests_table(app: LabApp, component: str, requests: Iterable[Request], every: int = 5) -> Table:
    """AppRequests, sampled as Application Insights does: of well-ended requests one in `every`, of failed ones all."""
    kept = [one for number, one in enumerate(requests) if one.status >= 500 or number % every == 0]
    rows = tuple(
        (
            stamps.ticks(one.at - timedelta(milliseconds=one.ms)),
            one.log_id[:16].replace("-", ""),
            f"{one.method} {one.path}",
            f"https://{app.name}.azurewebsites.net{one.path}",
            one.status < 400,
            str(one.status),
            float(one.ms),
            one.log_id.replace("-", ""),
            app.name,
            one.worker.computer,
            "0.0.0.0",  # noqa: S104 - what the service stores instead of the client's address
            component,
        )
        for one in kept
    )
    return Table("AppRequests", _REQUESTS, rows)


def dependencies_table(
    app: LabApp, component: str, rows: Iterable[tuple[datetime, LabWorker, str, str, str, bool, str, float]]
) -> Table:
    """AppDependencies: (when, worker, type, target, name, success, result, ms)."""
    return Table(
        "AppDependencies",
        _DEPENDENCIES,
        tuple(
            (
                stamps.ticks(at),
                hex_id(target, str(number))[:16],
                kind,
                target,
                name,
                name,
                success,
                result,
                ms,
                hex_id(name, str(number))[:32],
                app.name,
                worker.computer,
                component,
            )
            for number, (at, worker, kind, target, name, success, result, ms) in enumerate(rows)
        ),
    )


def exceptions_table(
    app: LabApp, component: str, rows: Sequence[tuple[datetime, LabWorker, str, str]], problem: str = "Shop.Orders"
) -> Table:
    """AppExceptions: (when, worker, type, message)."""
    return Table(
        "AppExceptions",
        _EXCEPTIONS,
        tuple(
            (
                stamps.ticks(at),
                f"{kind} at {problem}",
                3,
                kind,
                message,
                message,
                hex_id(message, str(number))[:32],
                app.name,
                worker.computer,
                component,
            )
            for number, (at, worker, kind, message) in enumerate(rows)
        ),
    )
