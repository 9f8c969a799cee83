"""`escalate bundle`: zips what was sealed and proves it clean."""

from __future__ import annotations

from pathlib import Path

import click

from escalate.bundle.wishes import BundleWishes
from escalate.cli import casework, options
from escalate.cli.output import emit
from escalate.cli.progress import terminal_observer
from escalate.cli.session import Session
from escalate.errors import ExitCode, UsageError
from escalate.workflow import bundle

LEAST_PART = 1_000_000
"""Bytes; smaller parts would hold little but their manifest."""


@click.command("bundle")
@options.existing_case
@click.option(
    "--split",
    type=options.Size(),
    metavar="SIZE",
    help="Full zip in parts of at most this size (500MB, 2GiB); each is a zip that opens alone.",
)
@click.option(
    "--since",
    type=click.Path(path_type=Path, dir_okay=False, exists=True),
    metavar="FILE",
    help="Only what is new or changed since an earlier bundle: its zip, its manifest.json, or receipt.json.",
)
@click.option(
    "--encrypt-to",
    "encrypt_to",
    multiple=True,
    metavar="RECIPIENT",
    help="Write FILE.zip.age beside each zip: age1..., an SSH public key, or a file with these. May be repeated.",
)
@click.option(
    "--sign",
    "sign_with",
    type=click.Path(path_type=Path, dir_okay=False, exists=True),
    metavar="KEY",
    help="Sign SHA256SUMS with this SSH key; anyone checks it with ssh-keygen -Y verify.",
)
@options.output_format
@click.pass_obj
def command(
    session: Session,
    case_folder: Path,
    split: int | None,
    since: Path | None,
    encrypt_to: tuple[str, ...],
    sign_with: Path | None,
    output: str,
) -> int:
    """Zip what was sealed, then reopen the zip and prove that no secret is in it.

    A hit deletes the zip and ends with exit code 6. Exit code 5 when a sealed file could not be read: the zips are made
    without it and say so.
    """
    if split is not None and split < LEAST_PART:
        raise UsageError(f"parts of {split:,} bytes are too small", hint=f"give --split at least {LEAST_PART:,} bytes")
    case = casework.existing(session, case_folder)
    wishes = BundleWishes(split=split, since=since, encrypt_to=encrypt_to, sign_with=sign_with)
    made = bundle(case, terminal_observer(), wishes)
    lines = [
        f"{entry.tier:<10} {case.root / entry.path}  {entry.size:,} bytes  {entry.sha256}" for entry in made.bundles
    ]
    if split is not None:
        large = [entry for entry in made.bundles if entry.part is not None and entry.size > split]
        lines += [f"note: {entry.path} is larger than {split:,} bytes: one file in it is" for entry in large]
    lines += [f"{'age':<10} {case.root / entry.path}  {entry.size:,} bytes  {entry.sha256}" for entry in made.encrypted]
    if made.signature is not None:
        lines.append(f"{'signature':<10} {case.root / made.signature}")
        lines.append(
            "  check it with: ssh-keygen -Y verify -f ALLOWED_SIGNERS -I SIGNER -n file -s SHA256SUMS.sig < SHA256SUMS"
        )
        lines.append("  then: sha256sum --ignore-missing -c SHA256SUMS")
    lines += [f"could not be read, and is left out: {path}" for path in made.unreadable]
    emit(output, made.model_dump(mode="json", by_alias=True), "\n".join(lines))
    return ExitCode.EVIDENCE_MISSING if made.unreadable else ExitCode.DONE
