"""Packets of the app's Linux container: headers by tcpdump, or what the platform's own capture gives."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from escalate.azure.download import Expectation, download
from escalate.azure.failure import AzureFailure, Why
from escalate.azure.kudu import Kudu
from escalate.collect.collector import collector
from escalate.collect.container import NOT_FOUND, TIMED_OUT, ContainerShell, container_shell
from escalate.collect.container_request import MAGIC, limit_of, piece
from escalate.collect.context import Context, now
from escalate.collect.piece import Piece, Unavailable
from escalate.model.outcome import Empty, Failed, Gap, Invalid, Missing, Skipped, Timeout
from escalate.model.plan import CatalogueEntry, Consent, Sensitivity

PUBLISH = "Microsoft.Web/sites/publish/Action"
SNAP = 96
"""Bytes of each packet: link, network and transport headers, and of what follows at most the first words."""
PACKETS = 500_000
POLL_S = 2.0
ANALYSIS_S = 100
API = "/api/networkcapture/captures"
LONGEST_S = 300


@collector(
    CatalogueEntry(
        id="linux.tcpdump",
        title="Packet headers of the container for 30 seconds",
        why="Retransmits, resets and refused connections, seen from this end.",
        answers=("network", "K5", "K6"),
        scope="worst-worker",
        platforms=("linux", "linux-container"),
        permission=PUBLISH,
        volatility=1,
        consent=Consent.ASK,
        include="network",
        effects="copies the first 96 bytes of every packet of the container to /home: a few percent of CPU under load",
        seconds=40,
        timeout_s=200,
        stall_s=200,
        max_bytes=200_000_000,
        sensitivity=Sensitivity.TEXT,
        obtain="az webapp ssh -g {group} -n {app} --instance {machine}, then:"
        " timeout 60 tcpdump -i any -nn -s 96 -w /home/LogFiles/headers.pcap",
        source="tcpdump(8); in the built-in images; a custom image may lack it, or the right NET_RAW",
        host_owned=True,
        may_be_absent=True,
        fallbacks=("net.capture.linux",),
    )
)
def tcpdump(context: Context) -> Iterator[Piece | Gap]:
    """Ended by itself after its time, or after half a million packets."""
    seconds = max(1, round(context.pace.capture))
    with container_shell(context) as shell:
        file = "headers.pcap"
        words = f"tcpdump -i any -nn -s {SNAP} -c {PACKETS} -w {shell.folder}/{file}"
        script = f"""command -v tcpdump >/dev/null || {{ echo tcpdump is not in this image >&2; exit {NOT_FOUND}; }}
{words} & capture=$!
( sleep {seconds}; kill "$capture" ) 2>/dev/null & clock=$!
wait "$capture"; code=$?
kill "$clock" 2>/dev/null
exit "$code"
"""
        at = now()
        ran = shell.run(script, "capture", limit_of(context))
        gap = shell.gap(ran)
        if gap is None:
            context.site.reach.containers.capture(shell.worker, context.entry.id)
            yield piece(context, file, shell.chunks(file, MAGIC[".pcap"]), origin=words, at=at)
    yield from [gap] if gap else []


@dataclass(frozen=True)
class _Capture:
    """What the platform says of one capture; its keys come in camelCase or PascalCase."""

    id: str
    command: str
    status: str
    download_url: str
    truncated: bool

    @classmethod
    def of(cls, data: object) -> _Capture:
        fields: Mapping[str, Any] = (
            {str(key).casefold(): value for key, value in data.items()} if isinstance(data, dict) else {}
        )
        return cls(
            id=str(fields.get("id") or ""),
            command=str(fields.get("capturecommand") or ""),
            status=str(fields.get("status") or "").casefold(),
            download_url=str(fields.get("downloadurl") or ""),
            truncated=fields.get("truncated") is True,
        )


@collector(
    CatalogueEntry(
        id="net.capture.linux",
        title="Network capture by the platform for 30 seconds",
        why="Packets where the image has no tcpdump.",
        answers=("network", "K5", "K6"),
        scope="worst-worker",
        platforms=("linux", "linux-container"),
        permission=PUBLISH,
        tiers=(
            "Basic",
            "Standard",
            "Premium",
            "PremiumV2",
            "PremiumV3",
            "PremiumV4",
            "Premium0V3",
            "Isolated",
            "IsolatedV2",
        ),
        volatility=1,
        consent=Consent.ASK,
        include="network",
        effects="copies every packet of the container with its content, at most 100 MB; the platform keeps the newest"
        " five captures",
        seconds=60,
        timeout_s=400,
        stall_s=200,
        max_bytes=110_000_000,
        sensitivity=Sensitivity.TEXT,
        obtain="az webapp ssh -g {group} -n {app} --instance {machine}, then:"
        " timeout 60 tcpdump -i any -nn -s 0 -w /home/LogFiles/capture.pcap",
        source="azure-cli 2.91: command_modules/appservice (networkcapture); 404 = not on this stamp, 429 = busy",
        may_be_absent=True,
        fallbacks=("linux.tcpdump",),
    )
)
def network_capture(context: Context) -> Iterator[Piece | Gap]:
    """Ask for a capture, run the command that it names in the container, have it analysed, fetch it."""
    worker = context.site.worker
    done = context.site.reach.containers.captured(worker.arm_id if worker else "")
    if done is not None:
        yield Skipped(reason=f"{done} has captured packets on this worker", hint=context.obtain)
        return
    kudu = context.site.kudu
    seconds = min(LONGEST_S, max(1, round(context.pace.capture)))
    at = now()
    capture = _begin(context, kudu, seconds)
    context.footprint(
        f"asked the platform for a network capture of {seconds} s ({capture.id}); it keeps the newest five"
    )
    with container_shell(context) as shell:
        _run(context, shell, capture, seconds)
    kudu.post(f"{API}/{capture.id}/analyze")
    ended = _wait(context, kudu, capture.id)
    if ended.status == "nopackets":
        yield context.gap(Empty, "the capture saw no packets")
        return
    if ended.status == "failed" or not ended.download_url:
        yield context.gap(Failed, f"the platform's capture ended as {ended.status or 'unknown'}")
        return
    # only the path of what it says: a link may lead to another host, and the token must not
    path = urlsplit(ended.download_url)
    call = kudu.call("GET", path.path, query=dict(parse_qsl(path.query)))
    context.site.reach.containers.capture(shell.worker, context.entry.id)
    yield piece(
        context,
        "capture.pcap",
        download(kudu, call, Expectation(magic=MAGIC[".pcap"])),
        origin=f"GET {path.path}",
        at=at,
    )
    if ended.truncated:
        yield context.gap(Failed, "the capture was cut at its size limit")


def _begin(context: Context, kudu: Kudu, seconds: int) -> _Capture:
    try:
        capture = _Capture.of(kudu.post(API, {"durationSeconds": seconds}).json())
    except AzureFailure as failure:
        if failure.why in (Why.THROTTLED, Why.BUSY):
            reason = "another network capture is under way or has just been taken"
            raise Unavailable(context.gap(Failed, f"{reason}: {failure.reason}")) from failure
        raise
    if not capture.id or not capture.command or "/" in capture.id:
        raise Unavailable(context.gap(Invalid, "the platform's answer names no capture and no command"))
    return capture


def _run(context: Context, shell: ContainerShell, capture: _Capture, seconds: int) -> None:
    ran = shell.run(capture.command, "capture", seconds + 60)
    if ran.code == NOT_FOUND:
        raise Unavailable(context.gap(Missing, f"the command of the capture is not in this image: {ran.complaint}"))
    gap = None if ran.code == TIMED_OUT else shell.gap(ran)  # the command may be a capture under timeout(1)
    if gap is not None:
        raise Unavailable(gap)


def _wait(context: Context, kudu: Kudu, capture: str) -> _Capture:
    waited = 0.0
    while waited <= ANALYSIS_S:
        found = _Capture.of(kudu.get(f"{API}/{capture}").json())
        if found.status in ("ready", "nopackets", "failed"):
            return found
        context.watch.pause(POLL_S)
        waited += POLL_S
    raise Unavailable(context.gap(Timeout, f"the capture was not ready {ANALYSIS_S} s after its end"))
