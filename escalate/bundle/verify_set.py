"""Proves what a receiver has in hand: one bundle, all parts or some of a split one, or age files of them."""

from __future__ import annotations

import re
import tempfile
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from escalate.bundle.protect import SUFFIX_OF_AGE, decrypt, identities_of
from escalate.bundle.verify import WHOLE, verify
from escalate.errors import ConfigError, TargetError
from escalate.model.manifest import Problem, VerificationDocument, VerificationSet
from escalate.model.observer import Observer

SUMS = "SHA256SUMS"
_AGE = (b"age-encryption.org/", b"-----BEGIN AGE ENCRYPTED FILE-----")
_SUM = re.compile(r"^(?P<sha256>[0-9a-f]{64}) [ *](?P<name>[^/\\\\]+)$")
_MAX_SUMS = 1 << 20


def verify_all(
    archives: Sequence[Path], *, known: Sequence[bytes], identity: Path | None, observer: Observer
) -> VerificationSet:
    """Each archive by itself, against a SHA256SUMS beside it, and the parts of a split bundle against each other.

    Raises:
        TargetError: a file cannot be read.
        ConfigError: one is encrypted, and no identity opens it.
    """
    results = tuple(_verify_one(archive, known, identity, observer) for archive in archives)
    return VerificationSet(archives=results, problems=tuple(_together(results)) if len(results) > 1 else ())


def _verify_one(
    archive: Path, known: Sequence[bytes], identity: Path | None, observer: Observer
) -> VerificationDocument:
    try:
        with archive.open("rb") as file:
            encrypted = file.read(64).startswith(_AGE)
    except OSError as error:
        raise TargetError(f"{archive}: {error.strerror}", hint="name a zip that can be read") from error
    if not encrypted:
        result = verify(archive, known=known, observer=observer)
        return _with_sum_beside(result, archive, result.sha256)
    if identity is None:
        raise ConfigError(f"{archive} is encrypted", hint="give the key file with --identity")
    with tempfile.TemporaryDirectory(prefix="escalate-verify-") as folder:
        opened = Path(folder) / (archive.name.removesuffix(SUFFIX_OF_AGE) or archive.name)
        decrypt(archive, opened, identities_of(identity))
        result = verify(opened, known=known, observer=observer)
        return _with_sum_beside(result, archive.with_name(opened.name), result.sha256)


def _with_sum_beside(result: VerificationDocument, archive: Path, sha256: str) -> VerificationDocument:
    """Compare with the list that came along, if there is one and it knows the file."""
    try:
        with archive.with_name(SUMS).open("rb") as file:
            lines = file.read(_MAX_SUMS).decode("utf-8", "replace").splitlines()
    except OSError:
        return result
    declared = {match["name"]: match["sha256"] for line in lines if (match := _SUM.match(line))}
    if declared.get(archive.name, sha256) == sha256:
        return result
    problem = Problem(check="hash", member=WHOLE, detail="not the bytes that the SHA256SUMS beside it declares")
    return result.model_copy(update={"problems": (*result.problems, problem)})


def _together(results: Sequence[VerificationDocument]) -> list[Problem]:
    """Parts that are missing, there twice, or of another bundle."""
    problems = []
    parts = [result for result in results if result.parts is not None]
    for manifest in dict.fromkeys(result.manifest_sha256 for result in parts):
        own = [result for result in parts if result.manifest_sha256 == manifest]
        counts = Counter(result.part for result in own)
        total = own[0].parts or 0
        names = ", ".join(result.archive for result in own)
        missing = [str(number) for number in range(1, min(total, 1000) + 1) if number not in counts]
        if missing:
            detail = f"of the {total} parts of this bundle, these are not here: {', '.join(missing)}"
            problems.append(Problem(check="archive", member=names, detail=detail))
        twice = [str(number) for number, count in counts.items() if count > 1]
        if twice:
            problems.append(Problem(check="archive", member=names, detail=f"there twice: part {', '.join(twice)}"))
    return problems
