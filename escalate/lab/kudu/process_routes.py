"""`api/processes`: Windows answers, Linux says that it does not."""

from __future__ import annotations

from collections.abc import Callable

from werkzeug.wrappers import Response

from escalate.lab.kudu import windows_dumps, windows_processes
from escalate.lab.kudu.answers import TEXT, as_json
from escalate.lab.kudu.visit import Endpoint, Route, Visit
from escalate.lab.kudu.windows_processes import NoSuchProcess

NOT_ON_LINUX = "Not supported on Linux"
NO_MONITOR = "The dotnet-monitor tool is not configured to run"


def raw_refusal(visit: Visit) -> Response:
    """Where dotnet-monitor would answer: the sentence as it is, or that the tool does not run though it should."""
    if visit.app.settings.get("WEBSITE_USE_DOTNET_MONITOR", "").casefold() == "true":
        return Response(NO_MONITOR, 404, content_type=TEXT)
    return Response(NOT_ON_LINUX, 400, content_type=TEXT)


def json_refusal(visit: Visit) -> Response:
    """Where nothing ever answers: the sentence as JSON."""
    return as_json(NOT_ON_LINUX, 400)


def _by_platform(windows: Endpoint, linux: Callable[[Visit], Response]) -> Endpoint:
    def answer(visit: Visit, **values: int | str) -> Response:
        if not visit.windows:
            return linux(visit)
        try:
            return windows(visit, **values)
        except NoSuchProcess as none:
            return none.answer

    return answer


_ONE = "/api/processes/<int(signed=True):pid>"
ROUTES = (
    Route("/api/processes", ("GET",), _by_platform(windows_processes.processes, raw_refusal)),
    Route(_ONE, ("GET",), _by_platform(windows_processes.process, raw_refusal)),
    Route(f"{_ONE}/threads", ("GET",), _by_platform(windows_processes.threads, json_refusal)),
    Route(f"{_ONE}/threads/<int:tid>", ("GET",), _by_platform(windows_processes.thread, json_refusal)),
    Route(f"{_ONE}/modules", ("GET",), _by_platform(windows_processes.modules, json_refusal)),
    Route(f"{_ONE}/modules/<base>", ("GET",), _by_platform(windows_processes.module, json_refusal)),
    Route(f"{_ONE}/dump", ("GET",), _by_platform(windows_dumps.dump, raw_refusal)),
    Route(f"{_ONE}/profile/start", ("POST",), _by_platform(windows_dumps.start_profile, json_refusal)),
    Route(f"{_ONE}/profile/start", ("GET",), _by_platform(windows_dumps.start_profile, raw_refusal)),
    Route(f"{_ONE}/profile/stop", ("GET",), _by_platform(windows_dumps.stop_profile, json_refusal)),
)
