"""Generates docs/ and schemas/ from help texts, entries and models; `make docs` writes them, a test compares them."""

from __future__ import annotations

import json
import sys
from pathlib import Path, PurePosixPath

import click
from pydantic.json_schema import models_json_schema

from escalate.cli.app import VERBS, escalate
from escalate.collect.entries import entries
from escalate.model.documents import DOCUMENTS, schema_file_name
from escalate.model.plan import CatalogueEntry
from escalate.model.rule import Rule
from escalate.model.usual_questions import USUAL_QUESTIONS
from escalate.triage.rulebook import load_rules

WIDTH = 100


def verb_page(verb: str) -> str:
    """The help of a verb, and of the verbs below it, as a page."""
    root = click.Context(
        escalate,
        info_name="escalate",
        terminal_width=WIDTH,
        max_content_width=WIDTH,
        help_option_names=escalate.context_settings["help_option_names"],
    )
    command = escalate.get_command(root, verb)
    if command is None:
        raise KeyError(verb)
    context = click.Context(command, info_name=verb, parent=root, terminal_width=WIDTH, max_content_width=WIDTH)
    parts = [f"# escalate {verb}", f"```text\n{command.get_help(context)}\n```"]
    for name, below in command.commands.items() if isinstance(command, click.Group) else ():
        context_below = click.Context(
            below, info_name=name, parent=context, terminal_width=WIDTH, max_content_width=WIDTH
        )
        parts += [f"## escalate {verb} {name}", f"```text\n{below.get_help(context_below)}\n```"]
    return "\n\n".join(parts) + "\n"


def collector_page(entry: CatalogueEntry) -> str:
    """The entry of a collector as a page."""
    consent = f"{entry.consent}" + (f" (`--include {entry.include}`)" if entry.include else "")
    only = [*entry.runtimes, *entry.platforms, *(f"{tier} tier" for tier in entry.tiers)]
    azure = [
        *(("answers", USUAL_QUESTIONS[key]) for key in entry.answers),
        *([("permission", f"`{entry.permission}`")] if entry.permission else []),
        *([("instead", ", ".join(f"[{each}]({each}.md)" for each in entry.fallbacks))] if entry.fallbacks else []),
    ]
    rows = [
        ("why", entry.why),
        ("scope", entry.scope + (f", only {', '.join(only)}" if only else "")),
        *azure,
        ("consent", consent),
        ("what it does to the app", entry.effects),
        (
            "takes",
            f"about {entry.seconds:g} s; given up after {entry.timeout_s:g} s, or {entry.stall_s:g} s of silence",
        ),
        ("at most", f"{entry.max_bytes:,} bytes"),
        ("volatility", f"{entry.volatility} (1 gone in seconds, 5 kept for weeks)"),
        ("holds", f"{entry.sensitivity}"),
        ("by hand", f"`{entry.obtain}`"),
        ("source", entry.source),
    ]
    return f"# {entry.id}: {entry.title}\n\n" + "\n".join(f"- {name}: {value}" for name, value in rows) + "\n"


def rule_page(rule: Rule) -> str:
    """The entry of a rule as a page."""
    lines = [f"# {rule.id}: {rule.title}", "", rule.meaning, ""]
    lines += [f"- layer: {rule.layer}", f"- role: {rule.role}", f"- who can answer: {rule.answerable_by}"]
    lines += [f"- evidence grade: {rule.provenance.ev}; from: {'; '.join(rule.provenance.refs)}"]
    lines += [f"- remedy: {remedy}" for remedy in rule.remedy]
    lines += [f"- would settle it: {item.what}: `{item.command}`" for item in rule.missing]
    if rule.microsoft.question:
        lines += ["", "Question for Microsoft:", "", f"> {rule.microsoft.question}"]
    if rule.match:
        lines += ["", "```text", rule.match.regex, "```"]
    lines += ["", *(f"- hits: `{sample}`" for sample in rule.provenance.positive)]
    lines += [f"- must not hit: `{sample}`" for sample in rule.provenance.negative]
    return "\n".join(lines).rstrip() + "\n"


def schema_files() -> dict[PurePosixPath, str]:
    """The JSON schemas of all documents."""
    files = {}
    for name, kind in DOCUMENTS.items():
        _, schema = models_json_schema([(kind, "serialization")], by_alias=True, title=name)
        own = schema["$defs"].pop(kind.__name__)
        whole = {
            "$schema": "https://json-schema.org/draft/2020-12/schema",
            "$id": name,
            **own,
            "$defs": schema["$defs"],
        }
        files[PurePosixPath("schemas") / schema_file_name(name)] = (
            json.dumps(whole, indent=1, ensure_ascii=False) + "\n"
        )
    return files


def generated_files() -> dict[PurePosixPath, str]:
    """Everything generated, by path below the checkout."""
    docs = PurePosixPath("docs")
    collectors, rules = entries(), load_rules(())
    files = schema_files()
    files |= {docs / "verbs" / f"{verb}.md": verb_page(verb) for verb in VERBS}
    files |= {docs / "collectors" / f"{entry.id}.md": collector_page(entry) for entry in collectors}
    files |= {docs / "rules" / f"{rule.id}.md": rule_page(rule) for rule in rules}
    index = ["# Reference", "", "Generated by `make docs`; do not edit.", "", "## Verbs", ""]
    index += [f"- [{verb}](verbs/{verb}.md): {line}" for verb, line in VERBS.items()]
    index += ["", "## Collectors", ""]
    index += [f"- [{entry.id}](collectors/{entry.id}.md): {entry.title}" for entry in collectors]
    index += ["", "## Rules", "", *(f"- [{rule.id}](rules/{rule.id}.md): {rule.title}" for rule in rules)]
    files[docs / "README.md"] = "\n".join(index) + "\n"
    return files


def write(checkout: Path) -> None:
    """Write all generated files and remove generated pages whose entry is gone."""
    files = generated_files()
    for folder in ("docs/verbs", "docs/collectors", "docs/rules", "schemas"):
        for old in (checkout / folder).glob("*"):
            if PurePosixPath(folder) / old.name not in files:
                old.unlink()
    for name, text in files.items():
        place = checkout / name
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    write(Path(sys.argv[1]))
