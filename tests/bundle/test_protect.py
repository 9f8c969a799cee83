"""Bundles on their way: age files that only their recipient opens, a signature that ssh-keygen checks, custody."""

from __future__ import annotations

import json
import shutil
import subprocess
import zipfile
from pathlib import Path

import pyrage
import pytest

from escalate.bundle import stage
from escalate.bundle.protect import decrypt, encrypt, identities_of, recipients_of
from escalate.bundle.verify import verify
from escalate.bundle.wishes import BundleWishes
from escalate.case import custody
from escalate.case.layout import Room
from escalate.case.store import Case
from escalate.errors import ConfigError
from escalate.model.manifest import BundleDocument
from escalate.model.observer import QuietObserver
from tests.conftest import CaseMaker
from tests.fakes.sealed_case import fill

needs_ssh = pytest.mark.skipif(shutil.which("ssh-keygen") is None, reason="needs ssh-keygen")


@pytest.fixture
def case(make_case: CaseMaker) -> Case:
    case = make_case()
    fill(case)
    return case


@pytest.fixture
def key(tmp_path: Path) -> Path:
    place = tmp_path / "id"
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "sre@example", "-f", place], check=True)
    return place


def test_an_age_file_opens_for_its_recipient_and_for_nobody_else(case: Case, tmp_path: Path) -> None:
    reader, other = pyrage.x25519.Identity.generate(), pyrage.x25519.Identity.generate()
    made = stage.run(case, QuietObserver(), (), BundleWishes(encrypt_to=(str(reader.to_public()),)))
    assert [each.of for each in made.encrypted] == [each.path for each in made.bundles]
    for each in made.encrypted:
        source = case.root / each.path
        assert source.read_bytes().startswith(b"age-encryption.org/v1")
        decrypt(source, tmp_path / "out.zip", [reader])
        assert (tmp_path / "out.zip").read_bytes() == (case.root / each.of).read_bytes()
        with pytest.raises(ConfigError, match="cannot be decrypted"):
            decrypt(source, tmp_path / "not.zip", [other])
        assert not (tmp_path / "not.zip").exists()
    sums = case.path(Room.BUNDLE, "SHA256SUMS").read_text()
    assert all(each.sha256 in sums for each in made.encrypted)


def test_an_age_file_of_an_earlier_run_does_not_stay(case: Case) -> None:
    reader = str(pyrage.x25519.Identity.generate().to_public())
    stage.run(case, QuietObserver(), (), BundleWishes(encrypt_to=(reader,)))
    stage.run(case, QuietObserver())
    assert list(case.path(Room.BUNDLE).glob("*.age")) == []
    assert case.read(BundleDocument).encrypted == ()


@needs_ssh
def test_recipients_come_from_a_file_with_age_and_ssh_keys(key: Path, tmp_path: Path) -> None:
    reader = pyrage.x25519.Identity.generate()
    names = tmp_path / "recipients.txt"
    names.write_text(f"# the team\n{reader.to_public()}\n\n{key.with_suffix('.pub').read_text()}")
    recipients = recipients_of([str(names)])
    assert len(recipients) == 2
    source = tmp_path / "a"
    source.write_bytes(b"evidence")
    read: list[int] = []
    encrypt(source, tmp_path / "a.age", recipients, read.append)
    assert sum(read) == len(b"evidence")
    keys = tmp_path / "keys.txt"
    keys.write_text(f"# created: today\n{reader}\n")
    for place in (keys, key):
        decrypt(tmp_path / "a.age", tmp_path / "b", identities_of(place))
        assert (tmp_path / "b").read_bytes() == b"evidence"


@pytest.mark.parametrize("text", ["age1nonsense", "ssh-ed25519 nonsense", "/no/such/file"])
def test_what_is_no_recipient_is_refused_before_anything_is_written(case: Case, text: str) -> None:
    with pytest.raises(ConfigError):
        stage.run(case, QuietObserver(), (), BundleWishes(encrypt_to=(text,)))
    assert not case.path(Room.BUNDLE).exists()


def test_a_file_without_an_identity_is_refused(tmp_path: Path) -> None:
    place = tmp_path / "keys.txt"
    place.write_text("nothing\n")
    with pytest.raises(ConfigError, match="no age identity"):
        identities_of(place)
    place.write_text("-----BEGIN OPENSSH PRIVATE KEY-----\nnonsense\n-----END OPENSSH PRIVATE KEY-----\n")
    with pytest.raises(ConfigError, match="no identity"):
        identities_of(place)


@needs_ssh
def test_the_signature_is_checked_by_ssh_keygen_and_sha256sum(case: Case, key: Path, tmp_path: Path) -> None:
    made = stage.run(case, QuietObserver(), (), BundleWishes(sign_with=key))
    folder = case.path(Room.BUNDLE)
    assert made.signature == "bundle/SHA256SUMS.sig"
    signers = tmp_path / "signers"
    signers.write_text(f"sre@example {key.with_suffix('.pub').read_text()}")
    check = ["ssh-keygen", "-Y", "verify", "-f", signers, "-I", "sre@example", "-n", "file", "-s", "SHA256SUMS.sig"]

    def checked() -> int:
        sums = (folder / "SHA256SUMS").read_bytes()
        return subprocess.run(check, input=sums, cwd=folder, capture_output=True, check=False).returncode

    assert checked() == 0
    subprocess.run(["sha256sum", "--strict", "-c", "SHA256SUMS"], cwd=folder, check=True, capture_output=True)
    next(folder.glob("*-full.zip")).unlink()  # whoever got the kit alone
    alone = ["sha256sum", "--ignore-missing", "-c", "SHA256SUMS"]
    subprocess.run(alone, cwd=folder, check=True, capture_output=True)
    with (folder / "SHA256SUMS").open("ab") as sums:
        sums.write(b"0\n")
    assert checked() != 0


@needs_ssh
def test_a_key_with_a_passphrase_is_refused_with_a_way_out(case: Case, tmp_path: Path) -> None:
    place = tmp_path / "locked"
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "secret words", "-f", place], check=True)
    with pytest.raises(ConfigError, match="cannot sign") as refused:
        stage.run(case, QuietObserver(), (), BundleWishes(sign_with=place))
    assert "ssh-agent" in refused.value.hint


def test_custody_tells_what_was_made_and_travels_without_people(case: Case) -> None:
    custody.record(case, "collected", "evidence.json", "ab" * 32)
    custody.record(case, "sealed", "redaction.json", "cd" * 32)
    made = stage.run(case, QuietObserver())
    chain = custody.read(case)
    assert [each.entry.action for each in chain] == ["collected", "sealed", "bundled", "bundled"]
    assert [each.entry.sha256 for each in chain[2:]] == [bundle.sha256 for bundle in made.bundles]
    for bundle in made.bundles:
        with zipfile.ZipFile(case.root / bundle.path) as archive:
            lines = archive.read("90-meta/custody.jsonl").splitlines()
        assert [json.loads(line)["action"] for line in lines] == ["collected", "sealed"]
        assert verify(case.root / bundle.path, observer=QuietObserver()).problems == ()
    assert stage.run(case, QuietObserver()).bundles == made.bundles  # what was recorded since makes no difference


def test_the_proof_of_each_zip_stands_beside_it_and_that_of_the_kit_in_the_full_one(case: Case) -> None:
    made = stage.run(case, QuietObserver())
    kit, full = (case.root / bundle.path for bundle in made.bundles)
    proofs = [json.loads(place.with_name(f"{place.name}.verification.json").read_bytes()) for place in (kit, full)]
    assert [proof["sha256"] for proof in proofs] == [bundle.sha256 for bundle in made.bundles]
    assert [proof["problems"] for proof in proofs] == [[], []]
    with zipfile.ZipFile(full) as archive:
        assert json.loads(archive.read("90-meta/kit-verification.json")) == proofs[0]
