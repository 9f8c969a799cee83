"""An ARM that answers by path as a test says, and one step run against it."""

from __future__ import annotations

import contextlib
import json
import threading
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from azure.core.credentials import AccessToken
from werkzeug.serving import WSGIRequestHandler, make_server
from werkzeug.wrappers import Request, Response

from escalate.azure.cloud import CLOUDS
from escalate.azure.session import Session
from escalate.case.store import Case
from escalate.collect.context import Pace
from escalate.collect.engine import Engine, numbered
from escalate.collect.entries import collectors
from escalate.collect.plan import Wishes, make_plan
from escalate.collect.reach import Reach
from escalate.collect.roster import Roster
from escalate.model.artifact import Artifact, StepRecord
from escalate.model.incident import Incident
from escalate.model.observer import QuietObserver
from escalate.model.plan import Budget
from tests.fakes.survey import survey

Answers = Mapping[str, object]
"""End of a path to JSON, to bytes, to (status, JSON), or to a function of the request that gives one of these."""

QUICK = Pace(samples=2, sample_interval=0.1, dumps=1, dump_interval=0.1, capture=1)


class _Quiet(WSGIRequestHandler):
    protocol_version = "HTTP/1.1"

    def log(self, type: str, message: str, *args: object) -> None:
        """Say nothing."""


class _SignedIn:
    def get_token(self, *scopes: str, **more: object) -> AccessToken:
        return AccessToken("token", int(time.time()) + 3600)


@dataclass
class FakeArm:
    """Answers; keeps what it was asked."""

    answers: Answers
    url: str = ""
    asked: list[Request] = field(default_factory=list)

    def __call__(self, environ, start_response):
        request = Request(environ)
        request.get_data(cache=True)
        self.asked.append(request)
        return self._answer(request)(environ, start_response)

    def _answer(self, request: Request) -> Response:
        for ending, found in self.answers.items():
            if request.path.casefold().endswith(ending.casefold()):
                value = found(request) if callable(found) else found
                status, data = value if isinstance(value, tuple) else (200, value)
                body = data if isinstance(data, bytes) else json.dumps(data).encode()
                return Response(body, status, content_type="application/json")
        return Response(json.dumps({"error": {"code": "NotFound", "message": "no such thing"}}), 404)

    def queries(self, ending: str) -> list[dict[str, str]]:
        """The query values of all requests to such a path."""
        return [dict(each.args) for each in self.asked if each.path.casefold().endswith(ending.casefold())]


@contextlib.contextmanager
def serving(answers: Answers) -> Iterator[FakeArm]:
    """A server on loopback until the block ends."""
    fake = FakeArm(answers)
    server = make_server("127.0.0.1", 0, fake, threaded=True, request_handler=_Quiet)
    server.daemon_threads, server.block_on_close = True, False
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    fake.url = f"http://127.0.0.1:{server.server_port}"
    try:
        yield fake
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@dataclass
class Ran:
    """What one run brought."""

    case: Case
    steps: dict[str, StepRecord]
    artifacts: tuple[Artifact, ...]
    roster: Roster

    @property
    def paths(self) -> list[str]:
        """Of all artifacts."""
        return [artifact.path for artifact in self.artifacts]

    def data(self, path: str) -> bytes:
        """The content of one."""
        return (self.case.root / "evidence" / path).read_bytes()

    def json(self, path: str):
        """The content of one, decoded."""
        return json.loads(self.data(path))

    @property
    def secrets(self) -> str:
        """Everything in the private folder that names values."""
        files = [each for each in (self.case.root / "private").rglob("*") if each.is_file()]
        return "\n".join(each.read_text("utf-8", "replace") for each in files)


def run_against(case: Case, fake: FakeArm, *ids: str, include: frozenset[str] = frozenset(), **known) -> Ran:
    """Plan and run these collectors of the catalogue against the invented site; `known` are fields of the survey."""
    there = survey(**known)
    chosen = {each.entry.id: each for each in collectors() if each.entry.id in ids}
    budget = Budget(max_bytes=200_000_000, max_seconds=60)
    plan = make_plan(case, Wishes(budget=budget, only=frozenset(chosen), include=include), there)
    roster = Roster(there.workers)
    cloud = replace(CLOUDS["public"], name="fake", arm=fake.url, logs=f"{fake.url}/logs", scheme="http")
    with Session(cloud, _SignedIn()) as session, case.locked():
        engine = Engine(
            case=case,
            plan=plan,
            incident=Incident(),
            observer=QuietObserver(),
            pace=QUICK,
            reach=Reach(session, there, roster),
        )
        artifacts, steps = numbered(engine.run({}), roster)
    return Ran(case, {step.id: step for step in steps if step.collector in chosen}, artifacts, roster)


def evidence_text(root: Path) -> str:
    """All of `evidence/` as one text."""
    return "\n".join(each.read_text("utf-8", "replace") for each in (root / "evidence").rglob("*") if each.is_file())
