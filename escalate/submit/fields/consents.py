"""Consents: each is asked for, none is ever assumed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from escalate.submit.fields.problem import Problem

WHAT_IT_PERMITS = (
    "Microsoft may collect from the app: HTTP logs, detailed errors, the Kudu trace, transform logs, failed request"
    " traces, Winsock logs, event logs, logs of the diagnostics service and of WebJobs. It does not permit a memory"
    " dump of the worker: no such consent exists for App Service."
)
"""Advanced diagnostic information of App Service; azure.microsoft.com, support-diagnostic-information-collection."""


def advanced_problems(answer: bool | None) -> Iterator[Problem]:
    """Advanced diagnostics: yes or no, by a person."""
    if answer is None:
        yield Problem(
            "consent.advanced_diagnostics",
            "nobody said whether Microsoft may collect diagnostics from the app",
            f"answer yes or no. Yes: {WHAT_IT_PERMITS}",
        )


def secondary_problems(asked: Mapping[str, str], answers: Mapping[str, bool]) -> Iterator[Problem]:
    """`asked` is type to description as the classification has them; `answers` is type to the user's word.

    Types are compared without regard to case.
    """
    given = {kind.casefold() for kind in answers}
    wanted = {kind.casefold() for kind in asked}
    for kind, description in asked.items():
        if kind.casefold() not in given:
            yield Problem(
                f"consent.{kind}", f"the classification asks for a consent: {description or kind}", "answer yes or no"
            )
    for kind in answers:
        if kind.casefold() not in wanted:
            yield Problem(f"consent.{kind}", "the classification does not ask for this consent", "leave the answer out")
