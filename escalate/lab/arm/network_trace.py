"""Network traces by ARM: start, result, stop; one file for each worker in `LogFiles/networktrace`."""

from __future__ import annotations

from datetime import timedelta

from werkzeug.wrappers import Response

from escalate.lab.arm.answer import Refusal, answer, empty
from escalate.lab.arm.ask import Ask, Route
from escalate.lab.arm.pcap import trace
from escalate.lab.state import now
from escalate.lab.world import Json

FOLDER = "LogFiles/networktrace"
LONGEST_S = 600
SHARED_TIERS = frozenset({"Free", "Shared", "Dynamic"})
POLLS = 2
"""How often the result is not there yet."""


def _begin(ask: Ask) -> None:
    """Note that one is running; it is forgotten when its time is over.

    Raises:
        Refusal: not here, not so long, or another one is running.
    """
    if ask.linux:
        raise Refusal(400, "BadRequest", "Not supported on Linux")
    if ask.state.world.tier in SHARED_TIERS:
        raise Refusal(400, "BadRequest", "Not supported in this pricing tier: network traces need dedicated workers.")
    if ask.request.args.get("sasUrl"):
        raise Refusal(400, "BadRequest", "The lab writes network traces to the site's own disk only.")
    text = ask.request.args.get("durationInSeconds", "60")
    if not text.isascii() or not text.isdigit() or not 0 < int(text) <= LONGEST_S:
        raise Refusal(400, "BadRequest", f"durationInSeconds must be from 1 to {LONGEST_S}.")
    if not ask.operations.claim(_key(ask), now() + timedelta(seconds=int(text))):
        raise Refusal(
            409,
            "Conflict",
            f"Cannot modify this site because another operation is in progress. Details: Id: {ask.app.name}, "
            "OperationName: CaptureNetworkTrace, CreatedTime: now, WebSystemName: WebSites.",
        )


def _key(ask: Ask) -> str:
    return f"networktrace:{ask.app.resource_id}"


def _files(ask: Ask) -> list[Json]:
    """Write the traces: what stands in them is what the world's probes say of each worker."""
    ask.operations.release(_key(ask))
    folder = ask.state.home(ask.app) / FOLDER
    folder.mkdir(parents=True, exist_ok=True)
    at = now()
    found: list[Json] = []
    for worker in ask.state.workers:
        probes = [
            (where, outcome)
            for (machine, where), outcome in ask.state.world.probes.items()
            if machine == worker.machine
        ]
        name = f"{worker.machine}_{at:%Y_%m_%dT%H_%M_%S}.pcap"
        (folder / name).write_bytes(trace(at, probes or [("localhost:443", "connected")]))
        path = f"C:\\home\\{FOLDER}\\{name}".replace("/", "\\")
        found.append({"path": path, "status": "Succeeded", "message": f"Trace file has been saved as {path}"})
    return found


def _start(ask: Ask) -> Response:
    """The short form: 200 with a text, the files come when the time is over; the lab does not wait."""
    _begin(ask)
    _files(ask)
    return answer("Network trace has been started.")


def _start_operation(ask: Ask) -> Response:
    _begin(ask)
    where = f"{ask.app.resource_id}/networkTrace/operationresults"
    return ask.accepted(lambda: answer(_files(ask)), where, POLLS, body=[])


def _result(ask: Ask) -> Response:
    return ask.finished(ask.args["operation"], body=[])


def _stop(ask: Ask) -> Response:
    """204 when none was running."""
    return empty(200) if ask.operations.release(_key(ask)) else empty(204)


_ACTION = "Microsoft.Web/sites/networktrace/action"
_RESULT = "Microsoft.Web/sites/networktraces/operationresults/read"
ROUTES = (
    Route("POST", "site", "/networktrace/start", _ACTION, _start),
    Route("POST", "site", "/networktrace/startoperation", _ACTION, _start_operation),
    Route("POST", "site", "/startnetworktrace", _ACTION, _start_operation),
    Route("POST", "site", "/networktrace/stop", _ACTION, _stop),
    Route("GET", "site", "/networktrace/operationresults/<operation>", _RESULT, _result),
    Route("GET", "site", "/networktraces/current/operationresults/<operation>", _RESULT, _result),
)
