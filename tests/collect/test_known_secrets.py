"""Every secret of a world of the lab is handed to redaction, and none of them leaves."""

from __future__ import annotations

import stat

import pytest

from escalate.case import private
from escalate.case.layout import Room
from escalate.lab.kudu.credentials import host_key, identity_header, publishing_credentials
from escalate.lab.server import running
from escalate.lab.worlds import WORLDS
from escalate.model.observer import QuietObserver
from escalate.model.target import AzureTarget
from escalate.redact import stage as redact
from escalate.redact.secret_parts import secret_parts
from escalate.redact.stop_list import why_not
from escalate.triage import stage as triage
from tests.fakes.arm_answers import run_against, serving
from tests.fakes.lab_run import collect_only
from tests.fakes.survey import SITE

pytestmark = pytest.mark.enable_socket

WORLD = "wsaeacces-sibling"
"""A function app on Windows, with settings, connection strings, processes and an SCM site."""


def collected(folder):
    """The world's app, and the case after everything that meets secrets has been collected from it."""
    only = ("cfg.appsettings", "cfg.connstrings", "cfg.keys", "win.samples", "cfg.web")
    with running(WORLDS[WORLD]) as lab:
        run = collect_only(lab, folder, *only, include=("keys",))
        return lab.state.world.app, run


@pytest.fixture(scope="module")
def ran(tmp_path_factory):
    return collected(tmp_path_factory.mktemp("known"))


def planted(app) -> dict[str, set[str]]:
    """The world's secrets by where they stand."""
    strings = {value for value, _ in app.connection_strings.values()}
    return {
        "app settings": {value for name, value in app.settings.items() if name.endswith(("_KEY", "_SECRET", "_TOKEN"))},
        "connection strings": strings,
        "parts of connection strings": {part for value in strings for part, _ in secret_parts(value)},
        "publishing password": {publishing_credentials(app)[1]},
        "host keys": {host_key(app, name) for name in ("master", "default", "durabletask")},
        "secret of the managed identity": {identity_header(app)},
        "keys of functions": {host_key(app, name) for name in ("Timer", "Import")},
    }


KINDS = (
    "app settings",
    "connection strings",
    "parts of connection strings",
    "publishing password",
    "host keys",
    "secret of the managed identity",
    "keys of functions",
)


@pytest.mark.parametrize("kind", KINDS)
def test_what_opens_something_is_handed_over(ran, kind):
    app, run = ran
    values = planted(app)[kind]
    assert values, "the world has some"
    assert values <= set(private.known_values(run.case))


def test_it_is_handed_over_in_a_private_file_only(ran):
    app, run = ran
    place = run.case.path(Room.PRIVATE, private.KNOWN)
    assert stat.S_IMODE(place.stat().st_mode) == 0o600
    assert stat.S_IMODE(place.parent.stat().st_mode) == 0o700
    values = {value.encode() for found in planted(app).values() for value in found}
    for one in run.case.root.rglob("*"):
        if one.is_file() and one.parent != place.parent:
            data = one.read_bytes()
            assert not [value for value in values if value in data], one


def test_the_keys_are_listed_by_name(ran):
    _, run = ran
    (place,) = run.files("cfg.keys").values()
    text = place.read_text()
    for name in ("publishingPassword", "MSDeploy userPWD", "masterKey", "functionKeys default", "Timer default"):
        assert f'"{name}"' in text


def test_no_secret_of_the_world_leaves_wherever_the_app_has_logged_it(tmp_path):
    app, run = collected(tmp_path)
    values = sorted(value for found in planted(app).values() for value in found if why_not(value) is None)
    assert len(values) > len(KINDS)
    quoted = "".join(f"2026-04-04 10:00:00 the app said {value} and stopped\n" for value in values)
    place = next(iter(run.files("cfg.web").values()))
    place.write_text(quoted)
    with run.case.locked():
        triage.run(run.case, QuietObserver(), ())
        redact.run(run.case, QuietObserver())
    leaving = b"\n".join(one.read_bytes() for one in run.case.path(Room.REDACTED).rglob("*") if one.is_file())
    leaving += (run.case.root / "redaction.json").read_bytes()
    assert b"the app said" in leaving
    assert not [value for value in values if value.encode() in leaving]


def test_the_environment_of_a_process_gives_all_of_it_where_arm_gives_nothing(tmp_path):
    with running(WORLDS[WORLD]) as lab:
        run = collect_only(lab, tmp_path, "win.samples")
        found = planted(lab.state.world.app)
    for kind in ("app settings", "connection strings", "secret of the managed identity"):
        assert found[kind] <= set(private.known_values(run.case)), kind


ANSWERS = {
    "/config/publishingcredentials/list": {"properties": {"publishingPassword": "Pq7-publishing-word"}},
    "/publishxml": b'<publishData><publishProfile publishMethod="FTP" userPWD="Pq7&amp;profile-word"/></publishData>',
    "/host/default/listkeys": {"masterKey": "Pq7-master-word", "functionKeys": {}, "systemKeys": None},
    "/functions": {"value": [{"name": "shop/Timer"}]},
    "/functions/Timer/listkeys": {"default": "Pq7-function-word"},
}


@pytest.fixture
def case(make_case):
    return make_case(target=AzureTarget(resource_id=SITE))


def test_keys_are_only_read_by_consent(case):
    with serving(ANSWERS) as arm:
        ran = run_against(case, arm, "cfg.keys", kind="functionapp,linux")
        assert not arm.asked
    assert ran.steps["cfg.keys"].outcome.state == "skipped"


def test_keys_of_functions_are_only_asked_of_function_apps(case):
    with serving(ANSWERS) as arm:
        ran = run_against(case, arm, "cfg.keys", include=frozenset({"keys"}), kind="app")
        assert not arm.queries("/listkeys")
    assert ran.steps["cfg.keys"].outcome.state == "collected"
    assert {"Pq7-publishing-word", "Pq7&profile-word"} <= set(private.known_values(case))


def test_what_may_not_be_read_is_a_gap_and_the_rest_is_there(case):
    refused = (403, {"error": {"code": "AuthorizationFailed", "message": "no"}})
    with serving({**ANSWERS, "/host/default/listkeys": refused, "/publishxml": refused}) as arm:
        ran = run_against(case, arm, "cfg.keys", include=frozenset({"keys"}), kind="functionapp")
    assert ran.steps["cfg.keys"].outcome.state == "partial"
    assert {"Pq7-publishing-word", "Pq7-function-word"} <= set(private.known_values(case))
    assert "Pq7" not in ran.data("azure/config/keys.json").decode()


@pytest.mark.parametrize(
    "answer", [[], {}, {"properties": None}, {"value": [1, {"name": 7}]}, b"<publishProfile", b"\xff"]
)
def test_answers_of_another_shape_give_no_key_and_no_traceback(case, answer):
    with serving(dict.fromkeys(ANSWERS, answer)) as arm:
        ran = run_against(case, arm, "cfg.keys", include=frozenset({"keys"}), kind="functionapp")
    assert ran.steps["cfg.keys"].outcome.state in ("empty", "failed", "invalid", "missing", "partial")
