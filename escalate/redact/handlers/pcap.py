"""Network captures: who talked to whom, when, how much and how it failed stays; what they said goes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from itertools import zip_longest
from pathlib import Path
from typing import BinaryIO

from escalate.formats.pcap_layout import NG_MAGIC
from escalate.model.kind import Kind
from escalate.model.redaction import Ledger
from escalate.redact.engine import Engine, Source
from escalate.redact.handlers.encoding import Told
from escalate.redact.handlers.pcap_addresses import Addresses
from escalate.redact.handlers.pcap_classic import Classic, Packet
from escalate.redact.handlers.pcap_link import Links, Rewrite
from escalate.redact.handlers.pcap_names import HostNames, Unchanged
from escalate.redact.handlers.pcap_ng import NextGeneration
from escalate.redact.handlers.pcap_options_ng import Cleaner
from escalate.redact.handlers.pcap_view import view
from escalate.redact.handlers.registry import CannotRedact


class PcapHandler:
    """Same packets, same times, same lengths on the wire, cut behind their headers.

    Public addresses, MAC addresses and host names become pseudonyms, the same ones as in the logs where there is room.
    """

    name = "pcap"
    kinds = frozenset({Kind.PCAP})

    def redact(self, source: Path, sink: BinaryIO, engine: Engine, advance: Callable[[int], None]) -> Ledger:
        """See `Handler.redact`."""
        addresses = Addresses(engine.inputs.key, engine.names)
        names = HostNames(engine, addresses)
        counts: Counter[str] = Counter()
        links = Links(names, addresses, counts)
        with source.open("rb") as raw:
            capture = _capture(raw, Told(raw, advance))
            if isinstance(capture, Classic):
                capture.copy(sink, links)
            else:
                capture.copy(sink, links, Cleaner(engine, addresses, names, counts))
            sink.flush()
            raw.seek(0)
            sink.seek(0)
            _compare(_capture(raw, raw), _capture(sink, sink), addresses)
        sink.seek(0)
        found, _ = engine.findings(sink)
        left = {label for label in found if not label.startswith("name-")}
        if left:
            raise CannotRedact(f"after redaction this was still found: {', '.join(sorted(left))}")
        advance(source.stat().st_size)
        counts["ip-address"] += addresses.changed
        counts["mac-address"] += addresses.macs_changed
        counts["host-name"] += names.changed
        counts["pcap-cut-record"] += capture.cut
        return Ledger(handler=self.name, counts={label: count for label, count in counts.items() if count})


def _capture(raw: BinaryIO, source: Source) -> Classic | NextGeneration:
    head = raw.read(4)
    raw.seek(-len(head), 1)
    return NextGeneration(source) if head == NG_MAGIC else Classic(source)


def _compare(before: Classic | NextGeneration, after: Classic | NextGeneration, addresses: Addresses) -> None:
    """Prove that the packets are the same, and that none has anything left that would go.

    For that all of them are rewritten once more, with the names as they are now: nothing may change. A name of three
    letters stands in the numbers of any large capture by chance, so names are looked for where they are texts only.

    Raises:
        CannotRedact: they are not.
    """
    links = Links(Unchanged(), addresses, Counter())
    rewrites: dict[int, Rewrite] = {}
    for old, new in zip_longest(before.packets(), after.packets()):
        if old is None or new is None:
            raise CannotRedact("it would not have the same number of packets")
        if not _alike(old, new):
            raise CannotRedact("its packets would not be the same")
        rewrite = rewrites.get(new.link)
        if rewrite is None:
            rewrite = rewrites[new.link] = links.of(new.link)
        kept = rewrite(new.data, new.size)
        if kept != new.data and (not new.data.startswith(kept) or any(new.data[len(kept) :])):
            raise CannotRedact("something of a packet's content would be left")
    if after.cut:
        raise CannotRedact("its last packet would not be whole")


def _alike(old: Packet, new: Packet) -> bool:
    return (
        old.stamp == new.stamp
        and old.size == new.size
        and old.link == new.link
        and (old.data == new.data or view(old.link, old.data) == view(new.link, new.data))
    )


HANDLER = PcapHandler()
