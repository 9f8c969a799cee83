"""Planted secrets are nowhere in a bundle, and a smuggled one is found."""

from __future__ import annotations

import base64
import gzip
import io
import json
import zipfile
from pathlib import Path

import pytest

from tests.flow.conftest import Escalate, bundles, members

KEY = base64.b64encode(bytes(range(7, 71))).decode()
CONNECTION = f"DefaultEndpointsProtocol=https;AccountName=contosofiles;AccountKey={KEY};EndpointSuffix=core.windows.net"
TOKEN = "eyJhbGciOiJSUzI1NiIsInR5cCI6IkpXVCJ9.eyJzdWIiOiJhbm4iLCJhdWQiOiJzaG9wIn0.Zm9vYmFyLXNpZ25hdHVyZS1ieXRlcw"
SAS_SIGNATURE = "q3Jx7Zk2vT9bLw5nYd8RfHc1PgUeAoSiMtXzBjVhKlE%3D"
SAS = f"https://contosofiles.blob.core.windows.net/logs/a.txt?sv=2024-11-04&se=2026-12-01&sr=b&sp=r&sig={SAS_SIGNATURE}"
PASSWORD = "Wint3r-is-c0ming-4you"
SECRETS = (KEY, TOKEN, SAS_SIGNATURE, PASSWORD)
LINES = (
    f"2026-04-04T05:58:45.0588220Z connecting with {CONNECTION}\n"
    f"2026-04-04T05:58:45.1588220Z > Authorization: Bearer {TOKEN}\n"
    f"2026-04-04T05:58:45.2588220Z uploading to {SAS}\n"
    f"2026-04-04T05:58:45.3588220Z login failed for User ID=shop;Password={PASSWORD};\n"
)


def _plant(folder: Path) -> None:
    logs = folder / "LogFiles"
    logs.mkdir(parents=True)
    (logs / "2026_04_04_10-30-0-103_default_docker.log").write_text(LINES)
    (logs / f"backup-AccountKey={KEY.replace('/', '_')}.log").write_text("2026-04-04T05:58:45Z nothing here\n")
    (logs / f"Password={PASSWORD};.log").write_text("2026-04-04T05:58:45Z nothing here either\n")
    (folder / "settings.json").write_text(
        json.dumps(
            {
                "storage": CONNECTION,
                "auth": f"Bearer {TOKEN}",
                "link": SAS.replace("&", "\\u0026").encode().decode("unicode_escape"),
                "password": PASSWORD,
                "escaped": SAS,
            },
            indent=1,
        ).replace("&", "\\u0026")
    )
    (folder / "utf16.log").write_bytes(LINES.encode("utf-16"))
    inner = io.BytesIO()
    with zipfile.ZipFile(inner, "w") as zipped:
        zipped.writestr("logs/app.log.gz", gzip.compress(LINES.encode()))
    (folder / "LogFiles.zip").write_bytes(inner.getvalue())


def _forms(secret: str) -> list[bytes]:
    raw = secret.encode()
    return [raw, secret.encode("utf-16-le"), base64.b64encode(raw).rstrip(b"=")[:-1], secret.replace("/", "_").encode()]


@pytest.fixture
def case(tmp_path: Path, escalate: Escalate) -> Path:
    _plant(tmp_path / "in")
    incident = tmp_path / "incident.toml"
    incident.write_text(
        f'title = "storage fails with AccountKey={KEY}"\n'
        f'symptom = "the app logs Password={PASSWORD}; and Bearer {TOKEN}"\nimpact = "{SAS}"\n'
    )
    done = escalate("build", tmp_path / "in", "--incident", incident, "--case", tmp_path / "case", "--no-input")
    assert done.code == 0, done.stderr
    for secret in SECRETS:
        assert secret not in done.stdout
        assert secret not in done.stderr
    return tmp_path / "case"


def test_planted_secrets_are_nowhere_in_what_may_leave(case: Path) -> None:
    leaving = [*bundles(case), *(path for path in (case / "draft").rglob("*") if path.is_file())]
    leaving += [path for path in (case / "redacted").rglob("*") if path.is_file()]
    assert len(leaving) > 10
    for path in leaving:
        contents = [(path.name, path.read_bytes())]
        if path.suffix == ".zip":
            contents = list(members(path))
            assert any(name.endswith("default_docker.log") for name, _ in contents)
        for name, content in contents:
            for secret in SECRETS:
                for form in _forms(secret):
                    assert form not in content, f"{path.name}: {name}"
                    assert form not in name.encode(), path.name


def test_the_redacted_json_still_parses_and_tells_what_was_there(case: Path) -> None:
    settings = json.loads((case / "redacted" / "settings.json").read_text())
    assert set(settings) == {"storage", "auth", "link", "password", "escaped"}
    assert "AccountName=" in settings["storage"]
    assert "[R:" in settings["storage"]


def test_the_same_secret_has_the_same_token_everywhere(case: Path) -> None:
    settings = json.loads((case / "redacted" / "settings.json").read_text())
    log = (case / "redacted" / "LogFiles" / "2026_04_04_10-30-0-103_default_docker.log").read_text()
    digits = settings["password"].rstrip("]").split(":")[-1]
    assert len(digits) == 6
    assert f":{digits}]" in log


@pytest.mark.parametrize("secret", [CONNECTION, f"Authorization: Bearer {TOKEN}", SAS, f"Password={PASSWORD};"])
@pytest.mark.parametrize("wrapped", [False, True], ids=["plain", "gzip in zip"])
def test_a_secret_smuggled_into_a_finished_zip_is_found(
    case: Path, escalate: Escalate, secret: str, wrapped: bool
) -> None:
    [kit] = (case / "bundle").glob("*-kit.zip")
    inner = io.BytesIO()
    with zipfile.ZipFile(inner, "w") as zipped:
        zipped.writestr("a.log.gz", gzip.compress(f"10:00 {secret}\n".encode()))
    with zipfile.ZipFile(kit, "a") as zipped:
        zipped.writestr(
            "30-logs/notes.zip" if wrapped else "30-logs/notes.log", inner.getvalue() if wrapped else secret
        )
    done = escalate("verify", kit, "--format", "json")
    assert done.code == 6
    assert any(problem["check"] == "secret" for problem in done.json["problems"])
    for value in SECRETS:
        assert value not in done.stdout


def test_a_secret_in_the_name_of_what_is_missing_is_not_printed(tmp_path: Path, escalate: Escalate) -> None:
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "app.log").write_text("2026-04-04T05:58:45Z hello\n")
    (tmp_path / "in" / f"Password={PASSWORD};.lnk").symlink_to("/etc/passwd")
    done = escalate("build", tmp_path / "in", "--case", tmp_path / "case", "--format", "json", "--no-input")
    assert done.code == 5
    assert done.json["missing"]
    assert PASSWORD in (tmp_path / "case" / "evidence.json").read_text()
    assert PASSWORD not in done.stdout + done.stderr


def test_private_files_stay_private_and_out_of_bundles(case: Path) -> None:
    private = [path for path in (case / "private").rglob("*") if path.is_file()]
    assert private
    for path in private:
        assert path.stat().st_mode & 0o777 == 0o600
    for archive in bundles(case):
        for name, _ in members(archive):
            assert "private" not in name
