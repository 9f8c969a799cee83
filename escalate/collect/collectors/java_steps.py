"""What needs several calls of jcmd: thread dumps apart from each other, and a flight recording."""

from __future__ import annotations

from collections.abc import Iterator

from escalate.collect.collector import collector
from escalate.collect.command import As, Command, find_tool
from escalate.collect.context import STAMP, Context, now
from escalate.collect.handoff import handoff
from escalate.collect.local_request import file_chunks, gap_of_command
from escalate.collect.piece import Piece, Unavailable
from escalate.collect.processes import facts_of
from escalate.model.outcome import Gap, Missing, Timeout
from escalate.model.plan import CatalogueEntry, Consent, Sensitivity

POLL_S = 2.0


@collector(
    CatalogueEntry(
        id="java.threads",
        title="Three thread dumps, 10 seconds apart",
        why="Deadlocks, blocked pools, and what moves between the dumps.",
        scope="process",
        runtimes=("java",),
        volatility=1,
        consent=Consent.ALWAYS,
        effects="a safepoint of milliseconds for each of three dumps",
        seconds=21,
        timeout_s=180,
        stall_s=60,
        max_bytes=200_000_000,
        sensitivity=Sensitivity.NAMES,
        obtain="for i in 1 2 3; do jcmd {pid} Thread.print -l; sleep 10; done",
        source="jcmd help, JDK 17: Thread.print, Impact: Medium",
    )
)
def thread_dumps(context: Context) -> Iterator[Piece | Gap]:
    """One file a dump; a dump that is refused ends the step, the others would be too."""
    for number in range(1, context.pace.dumps + 1):
        if number > 1:
            context.watch.pause(context.pace.dump_interval)
        at = now()
        command = _jcmd(context, "Thread.print", "-l")
        made = context.scratch / f"thread-dump-{number}"
        with made.open("wb") as handle:
            handle.writelines(command.stdout())
        if (gap := gap_of_command(context, command)) is not None:
            yield gap
            return
        yield Piece(
            path=context.below_host("process", str(context.pid), f"{at.strftime(STAMP)}-thread-dump-{number}.txt"),
            content=made,
            origin=" ".join(command.argv),
            pid=context.pid,
            captured_at=at,
        )


@collector(
    CatalogueEntry(
        id="java.recording",
        title="Flight recording of 30 seconds",
        why="Where time and memory go, with stacks.",
        scope="process",
        runtimes=("java",),
        volatility=3,
        consent=Consent.ASK,
        include="profiles",
        effects="the JVM profiles itself meanwhile: one or two percent of CPU",
        seconds=35,
        timeout_s=240,
        stall_s=120,
        max_bytes=1_000_000_000,
        sensitivity=Sensitivity.MEMORY,
        obtain="jcmd {pid} JFR.start settings=profile duration=30s filename=/tmp/recording.jfr",
        source="jcmd help, JDK 17: JFR.start",
    )
)
def recording(context: Context) -> Iterator[Piece | Gap]:
    """Started with a duration, so that it ends by itself also when we are killed."""
    process = facts_of(context.process, context.place("/proc"))
    name = f"escalate-{context.case_id}"
    with handoff(process, f"{context.case_id}-{context.entry.id}", context.root) as place:
        start = _jcmd(
            context,
            "JFR.start",
            f"name={name}",
            "settings=profile",
            f"duration={round(context.pace.capture)}s",
            f"filename={place.theirs / 'recording.jfr'}",
        )
        for _ in start.stdout():
            context.watch.alive()
        if (gap := gap_of_command(context, start)) is not None:
            yield gap
            return
        at = now()
        context.watch.pause(context.pace.capture)
        while _is_running(context, name):
            if (now() - at).total_seconds() > 3 * context.pace.capture + 30:
                raise Unavailable(Timeout(reason="the recording did not end", hint=f"jcmd {context.pid} JFR.check"))
            context.watch.pause(POLL_S)
        made = place.ours / "recording.jfr"
        yield Piece(
            path=context.below_host("process", str(context.pid), f"{at.strftime(STAMP)}-recording.jfr"),
            content=file_chunks(made, context.watch, process.uid),
            origin=" ".join(start.argv),
            pid=context.pid,
            captured_at=at,
        )


def _is_running(context: Context, name: str) -> bool:
    check = _jcmd(context, "JFR.check", f"name={name}")
    return b"running" in b"".join(check.stdout())


def _jcmd(context: Context, *words: str) -> Command:
    user = As.owner_of(facts_of(context.process, context.place("/proc")))
    tool = find_tool("jcmd", context.pid, user)
    if tool is None:
        raise Unavailable(Missing(reason="jcmd is not on this machine", hint=context.obtain))
    return Command([tool, str(context.process), *words], context.watch, user=user)
