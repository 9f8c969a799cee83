"""The three Jinja environments: whatever a template prints is made harmless there, not where the template remembers to.

Filters, the same names in all: `say` (a statement of triage, as far as the verdict allows it), `layer`, `zone` (a
question, or a thing nobody could see), `quoted` (a line of evidence), `code` (a path, id or command), `cite` (the
places that bear a statement out; raises without one), `place` (file and line), and those of `text`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import pairwise
from pathlib import Path, PurePosixPath
from types import MappingProxyType
from typing import Any
from urllib.parse import quote

from jinja2 import FileSystemLoader, StrictUndefined, TemplateError
from jinja2.sandbox import ImmutableSandboxedEnvironment
from markupsafe import Markup

from escalate.draft import text
from escalate.draft.bars_svg import bars
from escalate.draft.claims import CLOSE, OPEN, Said, zone
from escalate.draft.defect import DraftDefect
from escalate.draft.facts import Facts
from escalate.errors import ConfigError
from escalate.model.base import ArtifactId, EvidenceId
from escalate.model.finding import Evidence
from escalate.model.redaction import Sealed
from escalate.resources import templates

CITES = 3
"""Places shown behind one statement; the others are counted."""
LONGEST = 2000
"""Characters of any one value that no filter has bounded."""

_MARKDOWN = re.compile(r"[\\`*\[<]|(?<!\w)_|_(?!\w)|^[#+\-=~>]")
_UNSAFE_ID = re.compile(r"[^A-Za-z0-9_-]")
_MASKED = re.compile(r"=|\[R[:_]")
"""What stands where redaction replaced something: `Password=[R:KNOWN:39068F]`, and any other `name=value`."""
NO_LINKS: Mapping[ArtifactId, str] = MappingProxyType({})
FRAGMENT = 60
"""Characters of a quoted line by which a browser finds it in the file."""


class Raw(str):
    """Markdown or plain text that is ready to be printed as it stands."""

    __slots__ = ()


def html(
    facts: Facts,
    anchors: Iterable[EvidenceId],
    links: Mapping[ArtifactId, str] = NO_LINKS,
    own: Path | None = None,
) -> ImmutableSandboxedEnvironment:
    """For pages.

    `anchors` are the pieces of evidence that the page quotes, and so can be linked to; `links` has the path of each
    file that stands beside the page, relative to it; `own` is a folder with templates that go before ours.
    """
    linkable = frozenset(anchors)

    def code(value: str, limit: int = LONGEST) -> Markup:
        return Markup("<code>{}</code>").format(zone(value, limit))

    def one(item: Evidence, again: bool) -> Markup:
        if item.id not in linkable:
            return Markup('<span class="cite">{}</span>').format(in_file(item))
        label = Markup("<code>{}</code>").format(zone(_line_only(item) if again else short_place(item)))
        return Markup('<a class="cite" href="#{}">{}</a>').format(anchor(item.id), label)

    def in_file(item: Evidence) -> Markup:
        label = Markup("<code>{}</code>").format(zone(place(item)))
        address = _address(links.get(item.artifact))
        return Markup('<a href="{}">{}</a>').format(address + fragment(item), label) if address else label

    def file(item: Sealed) -> Markup:
        label = Markup("<code>{}</code>").format(zone(item.path, 200))
        address = _address(links.get(item.artifact))
        return Markup('<a href="{}">{}</a>').format(address, label) if address else label

    environment = _environment(facts, finalize=_for_html, autoescape=True, own=own)
    environment.filters["code"] = code
    environment.filters["quoted"] = lambda value: code(value, text.EXCERPT)
    environment.filters["cite"] = _citer(facts, one, Markup(", "), lambda n: Markup(" and {} more").format(n))
    environment.filters["anchor"] = anchor
    environment.filters["in_file"] = in_file
    environment.filters["file"] = file
    environment.filters["bars"] = bars
    return environment


def markdown(facts: Facts, own: Path | None = None) -> ImmutableSandboxedEnvironment:
    """For Markdown that is also read as plain text."""
    environment = _environment(facts, finalize=_for_markdown, autoescape=False, own=own)
    environment.filters["code"] = _code_span
    environment.filters["quoted"] = lambda value: _code_span(value, text.EXCERPT)
    environment.filters["cite"] = _citer(
        facts,
        lambda item, again: _code_span(_line_only(item) if again else place(item)),
        ", ",
        lambda n: f" and {n} more",
        wrap=Raw,
    )
    return environment


def plain_text(facts: Facts, own: Path | None = None) -> ImmutableSandboxedEnvironment:
    """For the ticket's fields, where no markup is read."""
    environment = _environment(facts, finalize=_for_text, autoescape=False, own=own)
    environment.filters["code"] = zone
    environment.filters["quoted"] = lambda value: Raw(f'"{zone(value, text.EXCERPT)}"')
    environment.filters["cite"] = _citer(
        facts,
        lambda item, again: zone(_line_only(item) if again else place(item)),
        ", ",
        lambda n: f" and {n} more",
        wrap=Raw,
    )
    return environment


_FAULTS = (TemplateError, ArithmeticError, AttributeError, LookupError, TypeError, ValueError, RecursionError)
"""What a template of somebody else may end in."""


def render(environment: ImmutableSandboxedEnvironment, name: str, **context: object) -> str:
    """One template.

    Raises:
        ConfigError: it is a user's own, and broken.
        DraftDefect: a statement would stand without evidence.
    """
    try:
        return environment.get_template(name).render(**context)
    except _FAULTS as error:
        if not _has_own(environment):
            raise
        line = getattr(error, "lineno", None)
        raise ConfigError(
            f"the template {name} of --templates{f', line {line},' if line else ''} cannot be used: {error}",
            hint="mend it; the ones that come with escalate show which names and filters there are",
        ) from error


def source(environment: ImmutableSandboxedEnvironment, name: str) -> str:
    """A file beside the templates as it stands, a user's own before ours."""
    loader = environment.loader
    return loader.get_source(environment, name)[0] if loader else ""


def _has_own(environment: ImmutableSandboxedEnvironment) -> bool:
    return isinstance(environment.loader, FileSystemLoader) and len(environment.loader.searchpath) > 1


def place(item: Evidence) -> str:
    """`LogFiles/x_docker.log:52`, or with a pointer where the file has no lines worth counting."""
    if item.line is not None:
        return f"{item.path}:{item.line}"
    return f"{item.path}#{item.pointer}" if item.pointer else item.path


def short_place(item: Evidence) -> str:
    """The same without folders: where it is cited often, and the whole path stands beside the quotation."""
    return place(item.model_copy(update={"path": PurePosixPath(item.path).name or item.path}))


def _line_only(item: Evidence) -> str:
    """For a place in the file named just before."""
    return f":{item.line}"


def _address(path: str | None) -> str | None:
    """As a link has it; None where percent signs would make the mark of a redacted value look like a value."""
    return None if path is None or _MASKED.search(path) else quote(path)


def fragment(item: Evidence) -> str:
    """Where in its file a line is: by number as RFC 5147 has it, and by its first words as browsers do."""
    if item.line is None:
        return ""
    words = item.excerpt[:FRAGMENT]
    words = words if len(item.excerpt) <= FRAGMENT else words.rpartition(" ")[0]
    fit = words.isprintable() and words.strip() and not _MASKED.search(words)
    found = f":~:text={quote(words, safe='').replace('-', '%2D')}" if fit else ""
    return f"#line={item.line - 1},{item.line}{found}"


def anchor(name: str) -> str:
    """An id for the page that no hostile id can leave."""
    return _UNSAFE_ID.sub("-", name)[:80]


def _environment(
    facts: Facts, *, finalize: Callable[[Any], Any], autoescape: bool, own: Path | None
) -> ImmutableSandboxedEnvironment:
    environment = ImmutableSandboxedEnvironment(
        loader=FileSystemLoader([*([own] if own else []), templates()]),
        undefined=StrictUndefined,
        finalize=finalize,
        autoescape=autoescape,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters.update(
        say=facts.speaker.say,
        layer=facts.speaker.layer,
        zone=zone,
        place=place,
        utc=text.moment,
        size=text.size,
        number=text.number,
        figure=text.figure,
        count=text.count,
        listed=text.listed,
        sentence=text.sentence,
        capital=text.capital,
    )
    environment.globals["span"] = text.span
    return environment


def _citer(
    facts: Facts,
    one: Callable[[Evidence, bool], Any],
    comma: Any,
    more: Callable[[int], Any],
    wrap: Callable[[Any], Any] = lambda value: value,
) -> Callable[[Sequence[EvidenceId]], Any]:
    def cite(ids: Sequence[EvidenceId]) -> Any:
        if not ids:
            raise DraftDefect(
                "a statement would stand without evidence",
                hint="this is a defect of a rule or a template: report it; the evidence in the case is intact",
            )
        cited = facts.cited(ids)
        alike = [False, *(item.line is not None and item.path == last.path for last, item in pairwise(cited))]
        items = [one(item, again) for item, again in zip(cited, alike, strict=True)]
        said = comma.join(items[:CITES])
        return wrap(said + more(len(items) - CITES) if len(items) > CITES else said)

    return cite


def _code_span(value: str, limit: int = LONGEST) -> Raw:
    marked = zone(value, limit)
    inner = marked[1:-1]
    fence = "`" * (1 + max((len(run) for run in re.findall("`+", inner)), default=0))
    pad = " " if inner.startswith("`") or inner.endswith("`") else ""
    return Raw(f"{OPEN}{fence}{pad}{inner}{pad}{fence}{CLOSE}")


def _printable(value: object) -> str:
    if value is None:
        raise DraftDefect("a template prints a value that is not there", hint="report this; the evidence is intact")
    return value if isinstance(value, str) else str(value)


def _for_html(value: object) -> object:
    if isinstance(value, Markup | Said):
        return value
    return text.clean(_printable(value), LONGEST)


def _for_markdown(value: object) -> str:
    if isinstance(value, Raw):
        return value
    words = _printable(value)
    words = words if isinstance(words, Said) else text.clean(words, LONGEST)
    return _MARKDOWN.sub(r"\\\g<0>", words)


def _for_text(value: object) -> str:
    words = _printable(value)
    return words if isinstance(words, Said | Raw) else text.clean(words, LONGEST)
