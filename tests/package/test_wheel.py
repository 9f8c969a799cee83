"""The wheel carries templates and schemas: installed in a fresh environment it renders ticket and report."""

from __future__ import annotations

import subprocess
import sys
import venv
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)],
        cwd=ROOT,
        check=True,
        capture_output=True,
    )
    [built] = folder.glob("*.whl")
    return built


def test_the_wheel_holds_templates_schemas_and_rules_and_nothing_private(wheel: Path) -> None:
    names = zipfile.ZipFile(wheel).namelist()
    assert any(name.startswith("escalate/_data/templates/") and name.endswith(".j2") for name in names)
    assert "escalate/_data/schemas/plan.v1.schema.json" in names
    assert any(name.startswith("escalate/triage/rules/") and name.endswith(".toml") for name in names)
    assert any(name.startswith("escalate/collect/catalogue/") and name.endswith(".toml") for name in names)
    assert not [name for name in names if name.startswith(("tests/", "docs/"))]


def test_an_installed_wheel_renders_the_report_and_finds_its_schemas(wheel: Path, tmp_path: Path) -> None:
    venv.create(tmp_path / "venv", with_pip=False, system_site_packages=False)
    python = tmp_path / "venv" / "bin" / "python"
    subprocess.run(
        [
            sys.executable,
            "-m",
            "pip",
            "--python",
            str(python),
            "install",
            "--quiet",
            "--no-deps",
            "--no-index",
            str(wheel),
        ],
        check=True,
        capture_output=True,
    )
    dependencies = next(path for path in sys.path if path.endswith("site-packages"))
    evidence = tmp_path / "in"
    evidence.mkdir()
    (evidence / "2026_04_04_lw0mdlwk000001_default_docker.log").write_text("2026-04-04T05:58:45.0000000Z hello\n")
    script = (
        "import sys\n"
        f"sys.path.append({dependencies!r})\n"
        "import escalate\n"
        "assert escalate.__file__.startswith(sys.prefix), escalate.__file__\n"
        "from escalate import resources\n"
        "assert str(resources.templates()).startswith(sys.prefix), resources.templates()\n"
        "assert (resources.schemas() / 'plan.v1.schema.json').is_file()\n"
        "from escalate.__main__ import main\n"
        "main()\n"
    )
    done = subprocess.run(
        [str(python), "-c", script, "build", str(evidence), "--case", str(tmp_path / "case")],
        capture_output=True,
        text=True,
        cwd=tmp_path,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert "<svg" in (tmp_path / "case" / "draft" / "report.html").read_text()
