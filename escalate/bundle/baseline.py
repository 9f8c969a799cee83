"""What an earlier bundle holds: read from its zip, its manifest, or the receipt of its filing."""

from __future__ import annotations

import hashlib
import json
import os
import zipfile
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from escalate.bundle import places
from escalate.bundle.limits import Limits
from escalate.bundle.nested import BROKEN
from escalate.bundle.zip_directory import directory_problem
from escalate.case.layout import Room
from escalate.case.store import Case
from escalate.errors import ConfigError, DocumentError
from escalate.model.base import parse_document
from escalate.model.manifest import BundleFile, Manifest

EARLIER = "earlier"
"""Folder below `bundle/`: the manifests of zips that were replaced, each under the hash of its zip."""


@dataclass(frozen=True)
class Baseline:
    """The evidence of an earlier bundle, as member names with their hashes."""

    name: str
    sha256: str
    carried: frozenset[tuple[str, str]]

    def has(self, member: str, sha256: str) -> bool:
        """Whether that very file was in it."""
        return (member, sha256) in self.carried


def load(path: Path, case: Case) -> Baseline:
    """The bundle that a file names: a zip of ours, a manifest.json of one, or a receipt.json.

    Raises:
        ConfigError: it is none of these, or of another case, or what it names is gone.
    """
    try:
        with path.open("rb") as file:
            head = file.read(4)
            manifests = [_manifest_in_zip(path)] if head.startswith(b"PK") else _named_in(path, case)
    except OSError as error:
        raise ConfigError(f"{path}: {error.strerror}", hint=_NAME_ONE) from error
    for manifest in manifests:
        if manifest.case_id != case.document.id:
            raise ConfigError(f"{path} belongs to case {manifest.case_id}", hint="name a bundle of this case")
    return Baseline(
        name=path.name,
        sha256=_digest(path),
        carried=frozenset(
            (entry.path, entry.sha256) for each in manifests for entry in each.entries if entry.role == "evidence"
        ),
    )


_NAME_ONE = "name a zip of this case, its manifest.json, or receipt.json"


def remember(case: Case, zips: Iterable[BundleFile]) -> dict[str, bytes]:
    """The manifests of zips that are about to be replaced, by the name to keep each under."""
    kept = {place.name: place.read_bytes() for place in sorted(case.path(Room.BUNDLE, EARLIER).glob("*.manifest.json"))}
    for bundle in zips:
        try:
            manifest = _manifest_in_zip(case.root / bundle.path)
        except (ConfigError, OSError):
            continue  # a zip that cannot be read was no use to anyone it was sent to
        kept[f"{bundle.sha256}.manifest.json"] = manifest.to_json()
    return kept


def _named_in(path: Path, case: Case) -> list[Manifest]:
    if path.stat().st_size > Limits().document:
        raise ConfigError(f"{path} is too large for a manifest or a receipt", hint=_NAME_ONE)
    data = path.read_bytes()
    try:
        raw = json.loads(data)
    except ValueError as error:
        raise ConfigError(f"{path} is neither a zip nor JSON", hint=_NAME_ONE) from error
    schema = str(raw.get("schema")) if isinstance(raw, dict) else ""
    if schema.startswith("escalate.manifest/"):
        try:
            return [parse_document(Manifest, data, where=str(path))]
        except DocumentError as error:
            raise ConfigError(error.message, hint=error.hint) from error
    if schema.startswith("escalate.receipt/"):
        found = [_sent(entry, case) for entry in raw.get("attachments") or () if isinstance(entry, dict)]
        manifests = [manifest for manifest in found if manifest is not None]
        if manifests:
            return manifests
        raise ConfigError(
            f"none of the bundles that {path} names is left in {case.root}",
            hint="name the zip that was sent, or its 90-meta/manifest.json",
        )
    raise ConfigError(f"{path} is no zip, manifest or receipt of escalate", hint=_NAME_ONE)


def _sent(entry: dict[str, Any], case: Case) -> Manifest | None:
    """The manifest of an attachment, as long as its zip stands or was replaced by this program."""
    sha256 = str(entry.get("sha256"))
    earlier = case.path(Room.BUNDLE, EARLIER) / f"{Path(sha256).name}.manifest.json"
    if earlier.is_file():
        return parse_document(Manifest, earlier.read_bytes(), where=str(earlier))
    for place in sorted(case.path(Room.BUNDLE).glob("*.zip")):
        if _digest(place) == sha256:
            return _manifest_in_zip(place)
    return None


def _manifest_in_zip(path: Path) -> Manifest:
    limits = Limits()
    try:
        with path.open("rb") as file:
            if problem := directory_problem(file, file.seek(0, os.SEEK_END), limits):
                raise ConfigError(f"{path} {problem}", hint=_NAME_ONE)
            with zipfile.ZipFile(file) as archive, archive.open(places.MANIFEST) as member:
                data = member.read(limits.document + 1)
    except (*BROKEN, KeyError) as error:
        raise ConfigError(f"{path} is no bundle of escalate ({type(error).__name__})", hint=_NAME_ONE) from error
    if len(data) > limits.document:
        raise ConfigError(f"the manifest in {path} is too large", hint=_NAME_ONE)
    try:
        return parse_document(Manifest, data, where=f"{path}: {places.MANIFEST}")
    except DocumentError as error:
        raise ConfigError(error.message, hint=error.hint) from error


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
