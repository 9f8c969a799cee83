"""What needs several calls of jcmd in the app's Linux container: thread dumps, and a flight recording."""

from __future__ import annotations

from collections.abc import Iterator

from escalate.collect.collector import collector
from escalate.collect.container import container_shell
from escalate.collect.container_processes import app_process
from escalate.collect.container_request import MAGIC, jcmd, limit_of, piece, placed
from escalate.collect.container_samples import files_in, marked, time_of
from escalate.collect.context import Context, now
from escalate.collect.piece import Piece
from escalate.model.outcome import Gap
from escalate.model.plan import CatalogueEntry, Consent, Sensitivity

PUBLISH = "Microsoft.Web/sites/publish/Action"
SSH = "az webapp ssh -g {group} -n {app} --instance {machine}, then: "
OVERTIME_S = 60
"""A recording that has not ended so long after its duration is given up."""


@collector(
    CatalogueEntry(
        id="linux.java.threads",
        title="Three thread dumps of the JVM, 10 seconds apart",
        why="Deadlocks, blocked pools, and what moves between the dumps.",
        answers=("hang", "cpu"),
        scope="worker",
        platforms=("linux", "linux-container"),
        permission=PUBLISH,
        runtimes=("java",),
        volatility=1,
        consent=Consent.ALWAYS,
        effects="a safepoint of milliseconds for each of three dumps",
        seconds=28,
        timeout_s=200,
        stall_s=150,
        max_bytes=64_000_000,
        sensitivity=Sensitivity.NAMES,
        obtain=SSH + "for i in 1 2 3; do jcmd PID Thread.print -l; sleep 10; done",
        source="jcmd help, JDK 17: Thread.print, Impact: Medium",
        may_be_absent=True,
        fallbacks=("linux.threads",),
    )
)
def thread_dumps(context: Context) -> Iterator[Piece | Gap]:
    """One file a dump; a dump that is refused ends the step, the others would be too."""
    with container_shell(context) as shell:
        process = app_process(context, shell)
        command = f"{process.pid} Thread.print -l"
        once = f'stamp; mark "$at"; "$tool" {command} || exit'
        rounds = f"\nsleep {context.pace.dump_interval:g}\n".join([once] * context.pace.dumps)
        mark, script = marked(context.case_id, f"tool={jcmd(process)}\n{rounds}")
        ran = shell.run(script, "threads", limit_of(context))
        data = shell.output(ran)
        gap = shell.gap(ran)
    for number, (stamp, content) in enumerate(files_in(data, mark), 1):
        at = time_of(stamp)
        parts = ("process", str(process.pid), f"{stamp}-thread-dump-{number}.txt")
        yield placed(context, parts, [content], origin=f"jcmd {command}", at=at, pid=process.pid)
    yield from [gap] if gap else []


@collector(
    CatalogueEntry(
        id="linux.java.jfr",
        title="Flight recording of the JVM, 30 seconds",
        why="Where time and memory go, with stacks.",
        answers=("cpu", "memory", "hang"),
        scope="worst-worker",
        platforms=("linux", "linux-container"),
        permission=PUBLISH,
        runtimes=("java",),
        volatility=3,
        consent=Consent.ASK,
        include="profiles",
        effects="the JVM profiles itself meanwhile: one or two percent of CPU; the recording is written to /home",
        seconds=40,
        timeout_s=240,
        stall_s=240,
        max_bytes=1_000_000_000,
        sensitivity=Sensitivity.TEXT,
        obtain=SSH + "jcmd PID JFR.start settings=profile duration=30s filename=/home/LogFiles/recording.jfr",
        source="jcmd help, JDK 17: JFR.start",
        may_be_absent=True,
    )
)
def recording(context: Context) -> Iterator[Piece | Gap]:
    """Started with a duration, so that it ends by itself also when nobody waits for it any more."""
    seconds = max(1, round(context.pace.capture))
    with container_shell(context) as shell:
        process = app_process(context, shell)
        name, file = f"escalate-{context.case_id}", "recording.jfr"
        words = f"JFR.start name={name} settings=profile duration={seconds}s filename={shell.folder}/{file}"
        script = f"""tool={jcmd(process)}
"$tool" {process.pid} {words} >&2 || exit
sleep {seconds}
left={OVERTIME_S}
while "$tool" {process.pid} JFR.check name={name} 2>/dev/null | grep -q running; do
  left=$((left - 1))
  [ "$left" -gt 0 ] || exit 124
  sleep 1
done
[ -s {shell.folder}/{file} ]
"""
        at = now()
        ran = shell.run(script, "recording", limit_of(context))
        gap = shell.gap(ran)
        if gap is None:
            content = shell.chunks(file, MAGIC[".jfr"])
            yield piece(context, file, content, origin=f"jcmd {process.pid} {words}", at=at, pid=process.pid)
    yield from [gap] if gap else []
