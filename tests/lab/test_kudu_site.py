"""Sign-in at the SCM site, which worker answers, and the faults of its front end."""

from __future__ import annotations

from pathlib import Path

import pytest

from escalate.lab.kudu.credentials import publishing_credentials
from tests.lab.kudu_sites import FIRST, SECOND, scm


def test_nobody_gets_in_without_a_token(tmp_path: Path) -> None:
    with scm(tmp_path) as site:
        refused = site.anonymous("/api/environment")
        assert refused.status_code == 401
        assert refused.headers["WWW-Authenticate"].startswith("Basic")
        assert site.anonymous("/api/environment", headers={"Authorization": "Bearer x"}).status_code == 401


@pytest.mark.parametrize("audience", ["https://management.azure.com", "https://appservice.azure.com"])
def test_tokens_for_arm_and_for_app_service_are_taken(audience: str, tmp_path: Path) -> None:
    with scm(tmp_path) as site:
        site.token = site.state.tokens.issue(audience)[0]
        assert "version" in site.get("/api/environment").json


def test_a_token_for_something_else_is_not_taken(tmp_path: Path) -> None:
    with scm(tmp_path) as site:
        site.token = site.state.tokens.issue("https://api.loganalytics.io")[0]
        assert site.get("/api/environment").status_code == 401


def test_publishing_credentials_open_the_site(tmp_path: Path) -> None:
    with scm(tmp_path, "windows", "html-401") as site:
        app = site.state.world.app
        user, password = publishing_credentials(app)
        assert user == "$shop"
        assert publishing_credentials(app) == (user, password)
        assert site.anonymous("/api/environment", auth=(user, password)).status_code == 200
        assert site.anonymous("/api/environment", auth=(user, "wrong")).status_code == 401
        page = site.get("/api/environment")
        assert page.status_code == 401
        assert page.data.startswith(b"<!DOCTYPE html")


def test_a_reader_may_not_enter(tmp_path: Path) -> None:
    with scm(tmp_path, role="Reader") as site:
        assert site.get("/api/environment").status_code == 403


def test_the_cookie_chooses_the_worker(tmp_path: Path) -> None:
    with scm(tmp_path) as site:
        for worker in (FIRST, SECOND):
            answer = site.ask("POST", "/api/command", worker=worker, json={"command": "hostname", "dir": ""})
            assert answer.json["Output"] == f"{worker.computer}\r\n"
            assert "Set-Cookie" not in answer.headers


def test_without_a_good_cookie_any_worker_answers_and_says_which(tmp_path: Path) -> None:
    with scm(tmp_path) as site:
        cookies = [site.get("/api/environment", worker=None).headers["Set-Cookie"] for _ in range(4)]
        assert {cookie.split(";")[0] for cookie in cookies} == {
            f"ARRAffinity={worker.arm_id}" for worker in (FIRST, SECOND)
        }
        stale = site.get("/api/environment", worker=None, headers={"Cookie": f"ARRAffinity={'00' * 32}"})
        assert stale.headers["Set-Cookie"].startswith("ARRAffinity=")


def test_a_worker_that_was_replaced_answers_no_more(tmp_path: Path) -> None:
    with scm(tmp_path, "windows", "worker-replaced") as site:
        assert "Set-Cookie" in site.get("/api/environment").headers
        assert "Set-Cookie" not in site.get("/api/environment", worker=SECOND).headers


def test_a_private_site_is_closed_but_not_to_arm(tmp_path: Path) -> None:
    with scm(tmp_path, "windows", "scm-private") as site:
        refused = site.get("/api/environment")
        assert refused.status_code == 403
        assert "x-ms-forbidden-ip" in refused.headers
        assert "html" in refused.content_type
        answer = site.through_arm(f"/api/command?instance={SECOND.arm_id}", method="POST", json={"command": "hostname"})
        assert answer.json["Output"] == f"{SECOND.computer}\r\n"
        assert "Set-Cookie" not in answer.headers


def test_every_third_answer_is_of_a_bad_gateway(tmp_path: Path) -> None:
    with scm(tmp_path, "windows", "bad-gateway") as site:
        assert [site.get("/api/environment").status_code for _ in range(6)] == [200, 200, 502, 200, 200, 502]


def test_a_token_wears_out(tmp_path: Path) -> None:
    with scm(tmp_path, "windows", "token-expiry") as site:
        codes = [site.get("/api/environment").status_code for _ in range(8)]
        assert codes[0] == 200
        assert codes[-1] == 401


def test_an_unknown_address_is_said_to_have_no_route(tmp_path: Path) -> None:
    with scm(tmp_path) as site:
        answer = site.get("/api/nothing")
        assert (answer.status_code, answer.json) == (404, "No route registered for '/api/nothing'")
        assert site.ask("DELETE", "/api/environment").status_code == 405


def test_old_stamps_lack_what_is_new(tmp_path: Path) -> None:
    with scm(tmp_path, "linux", "old-stamp") as site:
        assert site.ask("POST", "/exec/execute", json={"Command": "true"}).status_code == 404
        assert site.ask("POST", "/api/networkcapture/captures", json={}).status_code == 404
        refused = site.get("/api/startuplogs")
        assert (refused.status_code, refused.json["Message"]) == (400, "Invalid startup log filename.")


def test_deployments_carry_addresses_of_this_site(tmp_path: Path) -> None:
    with scm(tmp_path, "windows", "wrong-host-href") as site:
        found = site.get("/api/deployments").json[0]
        assert found["log_url"] == "https://scm.elsewhere.invalid/api/deployments/c0ffee/log"
        assert site.get("/api/deployments/latest/log").json[0]["message"] == "autumn"
        assert site.get("/api/deployments/none").status_code == 404
