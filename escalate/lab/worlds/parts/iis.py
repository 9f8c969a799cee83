"""What IIS writes on a Windows plan: W3C logs, failed request traces, pages of detailed errors."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from pathlib import Path

from escalate.lab.world import LabApp
from escalate.lab.worlds.parts import stamps
from escalate.lab.worlds.parts.noise import hex_id
from escalate.lab.worlds.parts.traffic import Request

HEADER = (
    "#Software: Microsoft Internet Information Services 8.0\n"
    "#Fields: date time s-sitename cs-method cs-uri-stem cs-uri-query s-port cs-username c-ip cs(User-Agent) "
    "cs(Cookie) cs(Referer) cs-host sc-status sc-substatus sc-win32-status sc-bytes cs-bytes time-taken\n"
)


def write_w3c(home: Path, app: LabApp, requests: Iterable[Request]) -> None:
    """`LogFiles/http/RawLogs/<inst6>-<YYYYMMDDHHMM>.log`, one file an hour and worker."""
    files: dict[str, list[str]] = defaultdict(list)
    for request in requests:
        files[f"{request.worker.arm_id[:6]}-{request.at:%Y%m%d%H}00.log"].append(_row(app, request))
    folder = home / "LogFiles" / "http" / "RawLogs"
    folder.mkdir(parents=True, exist_ok=True)
    for name, rows in files.items():
        (folder / name).write_text(HEADER + "".join(rows), encoding="utf-8", newline="\r\n")


def _row(app: LabApp, request: Request) -> str:
    cookie = f"ARRAffinity={request.worker.arm_id};+session={hex_id(request.ip, app.name)[:40]}"
    cells = (
        f"{request.at:%Y-%m-%d %H:%M:%S}",
        app.name.upper(),
        request.method,
        request.path,
        f"{request.query + '&' if request.query else ''}X-ARR-LOG-ID={request.log_id}",
        443,
        "-",
        request.ip,
        request.agent,
        cookie if request.ip[:4] != "169." else "-",
        "-" if request.method == "POST" else f"https://{app.name}.azurewebsites.net/",
        f"{app.name}.azurewebsites.net",
        request.status,
        request.sub,
        request.win32,
        request.bytes_out,
        request.bytes_in,
        request.ms,
    )
    return " ".join(map(str, cells)) + "\n"


def write_failed_requests(home: Path, app: LabApp, requests: Sequence[Request], *, pid: int, module: str) -> None:
    """`LogFiles/W3SVC<siteid>/fr000001.xml` and on; `module` set the error status."""
    folder = home / "LogFiles" / f"W3SVC{site_id(app)}"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "freb.xsl").write_text(
        '<?xml version="1.0"?><xsl:stylesheet version="1.0" xmlns:xsl="http://www.w3.org/1999/XSL/Transform"/>\n'
    )
    for number, request in enumerate(requests, start=1):
        (folder / f"fr{number:06d}.xml").write_text(_trace(app, request, pid, module), encoding="utf-8")


def site_id(app: LabApp) -> int:
    """The IIS site id, as in `W3SVC101432053`."""
    return int(hex_id(app.name)[:7], 16)


def _trace(app: LabApp, request: Request, pid: int, module: str) -> str:
    began = request.at - timedelta(milliseconds=request.ms)
    host = f"https://{app.name}.azurewebsites.net:443"
    status = f"{request.status}.{request.sub}" if request.sub else str(request.status)
    headers = f"Accept: */*\nAuthorization: Bearer {hex_id(request.log_id)}\nCookie: session={hex_id(request.ip)[:40]}"
    events: tuple[tuple[datetime, str, dict[str, object]], ...] = (
        (
            began,
            "GENERAL_REQUEST_START",
            {"SiteId": site_id(app), "AppPoolId": app.name, "RequestVerb": request.method},
        ),
        (began, "GENERAL_REQUEST_HEADERS", {"Headers": headers}),
        (began, "MODULE_PRECONDITION_NOT_MATCH", {"Name": "DefaultDocumentModule", "Precondition": "integratedMode"}),
        (
            request.at,
            "MODULE_SET_RESPONSE_ERROR_STATUS",
            {
                "ModuleName": module,
                "Notification": "EXECUTE_REQUEST_HANDLER",
                "HttpStatus": request.status,
                "HttpReason": "Bad Gateway" if request.status == 502 else "Service Unavailable",
                "HttpSubStatus": request.sub,
                "ErrorCode": request.win32,
                "ConfigExceptionInfo": "",
            },
        ),
        (request.at, "GENERAL_REQUEST_END", {"BytesSent": request.bytes_out, "BytesReceived": request.bytes_in}),
    )
    body = "".join(_event(request, at, opcode, data) for at, opcode, data in events)
    return (
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<?xml-stylesheet type='text/xsl' href='freb.xsl'?>\n"
        "<!-- saved from url=(0014)about:internet -->\n"
        f'<failedRequest url="{host}{request.path}"\n siteId="{site_id(app)}" appPoolId="{app.name}" processId="{pid}" '
        f'verb="{request.method}" remoteUserName="" userName="" tokenUserName="IIS APPPOOL\\{app.name}" '
        f'authenticationType="anonymous" activityId="{{{request.log_id.upper()}}}" failureReason="STATUS_CODE" '
        f'statusCode="{status}" triggerStatusCode="{request.status}" timeTaken="{request.ms}" '
        f'xmlns:freb="http://schemas.microsoft.com/win/2006/06/iis/freb">\n{body}</failedRequest>\n'
    )


def _event(request: Request, at: datetime, opcode: str, data: dict[str, object]) -> str:
    cells = "".join(f'   <Data Name="{name}">{value}</Data>\n' for name, value in data.items())
    return (
        ' <Event xmlns="http://schemas.microsoft.com/win/2004/08/events/event">\n  <System>\n'
        '   <Provider Name="WWW Server" Guid="{3A2A4E84-4C21-4981-AE10-3FDA0D9B0F83}"/>\n'
        "   <EventID>0</EventID><Level>0</Level><Opcode>1</Opcode>\n"
        f'   <TimeCreated SystemTime="{stamps.millis(at)}"/>\n   <Computer>{request.worker.computer}</Computer>\n'
        f"  </System>\n  <EventData>\n{cells}  </EventData>\n"
        '  <RenderingInfo Culture="en-US"><Opcode>'
        f"{opcode}</Opcode></RenderingInfo>\n </Event>\n"
    )


def write_detailed_errors(home: Path, app: LabApp, requests: Iterable[Request]) -> None:
    """`LogFiles/DetailedErrors/ErrorPage000001.htm` and on."""
    folder = home / "LogFiles" / "DetailedErrors"
    folder.mkdir(parents=True, exist_ok=True)
    for number, request in enumerate(requests, start=1):
        (folder / f"ErrorPage{number:06d}.htm").write_text(
            "<!DOCTYPE html><html><head><title>IIS Detailed Error - "
            f"{request.status}.{request.sub}</title></head><body><h2>HTTP Error {request.status}.{request.sub}</h2>\n"
            f"<table><tr><th>Error Code</th><td>0x{request.win32:08x}</td></tr>\n"
            f"<tr><th>Requested URL</th><td>https://{app.name}:80{request.path}</td></tr>\n"
            f"<tr><th>Physical Path</th><td>C:\\home\\site\\wwwroot{request.path.replace('/', chr(92))}</td></tr>\n"
            "<tr><th>Logon Method</th><td>Anonymous</td></tr></table></body></html>\n",
            encoding="utf-8",
        )
