"""The plain Markdown pages of a zip, for readers who open no JSON."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

from escalate.bundle import places
from escalate.bundle.documents import Part
from escalate.bundle.names import SUFFIX_OF_REFERENCE
from escalate.model.base import CaseId, EvidenceId
from escalate.model.finding import Evidence, FindingsDocument, Verdict
from escalate.model.manifest import DumpEntry, KeptLines, Since
from escalate.model.question import QuestionsDocument

MOST_DUMPS = 10
"""Dumps that START-HERE tells of; a crash loop leaves many, and the page is one page."""

Windows = Mapping[str, tuple[KeptLines, ...]]
"""Cited path of a file that is cut, to the members that hold some of its lines."""
_NONE_CUT: Windows = MappingProxyType({})


def start_here(case_id: CaseId, title: str, verdict: Verdict) -> str:
    """The way into the zip, for a case whose draft has none."""
    return "\n".join(
        (
            f"# {_line(title)}",
            "",
            f"Case {case_id}. Answerable by: {verdict.answerable_by} (confidence {verdict.confidence.value}).",
            "",
            _line(verdict.why),
            "",
            f"- the report: `{places.REPORT}`",
            f"- the questions: `{places.QUESTIONS_PAGE}`",
            f"- what was found, with the file and line of each proof: `{places.FINDINGS_PAGE}`",
            f"- what is missing, and why: `{places.GAPS}`",
            "",
        )
    )


@dataclass(frozen=True)
class LeftOut:
    """Numbers of files that a zip does not have, or not whole; `report`: whether the report is one of them."""

    held_back: int = 0
    cut: int = 0
    withheld: int = 0
    unreadable: int = 0
    report: bool = False


def what_is_not_here(left_out: LeftOut, references: str) -> str:
    """The closing section of START-HERE."""
    if not (left_out.held_back or left_out.cut or left_out.withheld or left_out.unreadable):
        return "\n## What is not in this zip\n\nNothing that was collected is left out.\n"
    where = f"`*{SUFFIX_OF_REFERENCE}` in the place of each" if references == "one file each" else f"`{places.GAPS}`"
    lines = ["", "## What is not in this zip", ""]
    if left_out.report:
        lines.append(f"- The report (`{places.REPORT}`) is too large for this zip: it is in the full one.")
    if left_out.held_back:
        lines.append(f"- {left_out.held_back} files are left out for their size; they are in the full zip.")
    if left_out.cut:
        lines.append(
            f"- {left_out.cut} texts are cut to their lines around the incident: `x.lines-1201-1890.log` holds lines"
            f" 1201 to 1890 of `x.log`. Line numbers are those of the whole file; `{places.MANIFEST}` lists each cut."
        )
    if left_out.withheld:
        lines.append(f"- {left_out.withheld} files stay with the customer: redaction could not vouch for them.")
    if left_out.unreadable:
        lines.append(f"- {left_out.unreadable} files could not be read when this zip was made.")
    return "\n".join((*lines, "", f"Size, SHA-256, reason and how to ask for it: {where}.", ""))


HOW_TO_CHECK = f"""
## Check this zip

- Every file in it, where it is unpacked: `sha256sum -c {places.SUMS}`
- Where `SHA256SUMS` and `SHA256SUMS.sig` came beside it: `ssh-keygen -Y verify -f ALLOWED_SIGNERS -I SIGNER -n file \
-s SHA256SUMS.sig < SHA256SUMS`, then `sha256sum --ignore-missing -c SHA256SUMS`
"""
"""The last section of START-HERE; tools that every engineer has."""


def which_zip(part: Part | None, since: Since | None) -> str:
    """The section of START-HERE of a part of a split bundle, or of a delta; empty for any other zip."""
    lines = []
    if part is not None:
        lines.append(f"- This is part {part.number} of {part.of}. Each part is a zip that opens alone.")
        lines.append(f"- Report, questions and findings are in part 1; `{places.MANIFEST}` says what is in which part.")
    if since is not None:
        lines.append(
            f"- This zip has only what is new or changed since `{_line(since.name)}` (SHA-256 {since.sha256})."
        )
        lines.append(f"- {since.unchanged} files that were in that bundle are the same, and are not sent again.")
    return "\n".join(("", "## Which zip this is", "", *lines, "")) if lines else ""


def dumps(found: Sequence[DumpEntry]) -> str:
    """The section of START-HERE about dumps; empty when there are none."""
    if not found:
        return ""
    lines = ["", "## Dumps", ""]
    for dump in found[:MOST_DUMPS]:
        where = {"whole": f"`{dump.member}`", "slim": f"`{dump.slim}`, stacks and modules of `{dump.member}`"}.get(
            dump.carried, f"not in this zip: `{dump.member}`"
        )
        report = f" Modules and build ids: `{dump.report}`." if dump.report else ""
        wrong = "".join(f" {_line(problem)}" for problem in dump.problems[:3])
        lines.append(f"- {where}: {_line(dump.summary)}{wrong}{report}")
    if len(found) > MOST_DUMPS:
        lines.append(f"- and {len(found) - MOST_DUMPS} more: `{places.MANIFEST}` lists all")
    return "\n".join((*lines, ""))


def questions(
    document: QuestionsDocument, findings: FindingsDocument, names: Mapping[str, str], windows: Windows = _NONE_CUT
) -> str:
    """10-questions/questions.md."""
    cited = {entry.id: entry for entry in findings.evidence}
    lines = ["# Questions", ""]
    if not document.questions:
        lines += ["None: the evidence asks for no answer that only Microsoft can give.", ""]
    for question in document.questions:
        lines += [f"## {question.id}. {_line(question.text)}", ""]
        facts = {
            "Worker": question.worker,
            "Instance id": question.instance_id,
            "Window (UTC)": " to ".join(moment.isoformat() for moment in question.window_utc or ()) or None,
            "Process": str(question.pid) if question.pid is not None else None,
            "What would answer it": question.host_only_artifact,
            "What the answer decides": question.what_the_answer_decides,
            "Why only Microsoft": question.why_only_microsoft,
            "Ruled out": "; ".join(question.ruled_out),
        }
        lines += [f"- {label}: {_line(fact)}" for label, fact in facts.items() if fact]
        lines += ["", *_proofs(question.evidence, cited, names, windows), ""]
    return "\n".join(lines)


def findings(document: FindingsDocument, names: Mapping[str, str], windows: Windows = _NONE_CUT) -> str:
    """13-findings/findings.md; each proof is named by its place in the zip, its line and its text."""
    cited = {entry.id: entry for entry in document.evidence}
    verdict = document.verdict
    lines = ["# Findings", "", f"Answerable by {verdict.answerable_by}: {_line(verdict.why)}", ""]
    lines += [
        "A line number counts from 1 in the file named.",
        f"Where a file is left out, `{SUFFIX_OF_REFERENCE}` follows its name.",
        "",
    ]
    for gate in verdict.gates:
        lines.append(f"- {gate.id} {gate.state}: {_line(gate.sentence)}")
    for finding in document.findings:
        lines += ["", f"## {finding.rule} {_line(finding.title)}", ""]
        lines.append(
            f"{finding.role.value}, {finding.severity}, confidence {finding.confidence.value}"
            f" ({_line(finding.confidence_why)}), {finding.hits} hits"
        )
        if finding.demoted:
            lines.append(f"Does not count: {_line(finding.demoted_because or 'demoted')}")
        lines += ["", *_proofs(finding.evidence, cited, names, windows)]
    return "\n".join((*lines, ""))


def _proofs(
    ids: tuple[EvidenceId, ...], cited: Mapping[EvidenceId, Evidence], names: Mapping[str, str], windows: Windows
) -> list[str]:
    lines = []
    for proof in (cited[each] for each in ids if each in cited):
        place = f" line {proof.line}" if proof.line else f" at {_line(proof.pointer)}" if proof.pointer else ""
        moment = f", {proof.ts_utc.isoformat()}" if proof.ts_utc else ""
        where = f"`{names.get(proof.path, proof.path)}`{place}"
        if window := _window_of(proof, windows):
            where = f"`{window.member}` line {(proof.line or 1) - window.first_line + 1}, which is {where.lstrip()}"
        lines.append(f"- {proof.id} {where}{moment} ({proof.polarity.value})")
        lines.append(f"  > {_line(proof.excerpt)}")
    return lines


def _window_of(proof: Evidence, windows: Windows) -> KeptLines | None:
    inside = (each for each in windows.get(proof.path, ()) if each.first_line <= (proof.line or 0) <= each.last_line)
    return next(inside, None)


def _line(text: str) -> str:
    return " ".join(text.split())
