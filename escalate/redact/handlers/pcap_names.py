"""Host names in packets: pseudonyms label by label, of the same length, so that nothing in a packet moves."""

from __future__ import annotations

import base64
import hmac
import io
import ipaddress
from typing import Protocol

from escalate.redact.engine import Engine
from escalate.redact.handlers.pcap_addresses import Addresses
from escalate.redact.keep import is_kept
from escalate.redact.names import PUBLIC_SUFFIXES, words

Labels = tuple[bytes, ...]

_REMEMBERED = 1 << 16
_TOP = words(
    """
    com net org edu gov mil int arpa info biz name pro app dev cloud tech site online store shop io ai local localhost
    localdomain internal intranet lan corp home private invalid test example onion
    """
)
"""Last labels that say nothing about whose name it is; those of two letters are countries."""
_SECOND = words("co com net org gov ac edu ne or go")
_SERVICES = words(
    "_tcp _udp _tls _ldap _kerberos _kpasswd _gc _msdcs _sites _http _https _sip _dmarc _acme-challenge _mongodb "
    "_domainkey privatelink scm www"
)
_OF_AZURE = words(
    """
    azurewebsites.net scm.azurewebsites.net azurewebsites.us chinacloudsites.cn appserviceenvironment.net
    p.azurewebsites.net azurefd.net azureedge.net trafficmanager.net cloudapp.net cloudapp.azure.com
    internal.cloudapp.net azure-api.net azurestaticapps.net azurecontainerapps.io core.windows.net database.windows.net
    windows.net azure.com azure.net microsoft.com microsoftonline.com visualstudio.com msedge.net azure-dns.com
    azure-dns.net azure-dns.org azure-dns.info in-addr.arpa ip6.arpa login.microsoftonline.com login.windows.net
    login.microsoft.com management.azure.com management.core.windows.net graph.microsoft.com graph.windows.net
    dc.services.visualstudio.com rt.services.visualstudio.com live.applicationinsights.azure.com
    dc.applicationinsights.azure.com mcr.microsoft.com packages.microsoft.com monitoring.azure.com
    ods.opinsights.azure.com oms.opinsights.azure.com handler.control.monitor.azure.com time.windows.com
    applicationinsights.azure.com services.visualstudio.com opinsights.azure.com
    """
)
"""Names of the platform, whose last labels stay; what comes before them is the customer's."""
_TOKEN = 11
"""Characters of `host-3fa9c1`, which logs have in the place of a host."""
_REVERSE6 = (b"ip6", b"arpa")


class NameMap(Protocol):
    """Gives labels in the place of labels, each as long as before."""

    def mapped(self, labels: Labels) -> Labels:
        """The name that stands for a name; the answer for a parent does not depend on its child."""
        ...


class Unchanged:
    """Names that have been mapped already."""

    def mapped(self, labels: Labels) -> Labels:
        """See `NameMap.mapped`."""
        return labels


class HostNames:
    """The names of one case."""

    def __init__(self, engine: Engine, addresses: Addresses) -> None:
        self.changed = 0
        """Names that were replaced, each counted once."""
        self._engine = engine
        self._addresses = addresses
        own = {name.casefold().rstrip(".") for name in engine.inputs.own_names}
        self._tails = frozenset(own | _OF_AZURE | {suffix[1:] for suffix in PUBLIC_SUFFIXES})
        self._known: dict[Labels, Labels] = {}
        self._labels: dict[bytes, bytes] = {}

    def mapped(self, labels: Labels) -> Labels:
        """See `NameMap.mapped`."""
        answer = self._known.get(labels)
        if answer is None:
            if len(self._known) >= _REMEMBERED:
                self._known.clear()
                self._labels.clear()
            answer = self._known[labels] = self._mapped(labels)
            self.changed += answer != labels
        return answer

    def _mapped(self, labels: Labels) -> Labels:
        if len(labels) > 2 and tuple(label.lower() for label in labels[-2:]) == _REVERSE6:
            return self._reverse6(labels)
        texts = [label.decode("latin-1").lower() for label in labels]
        kept = self._kept_from(texts)
        before = (
            label if text in _SERVICES or is_kept(text, self._engine.inputs.own_names) else self._label(text)
            for label, text in zip(labels[:kept], texts, strict=False)
        )
        return (*before, *labels[kept:])

    def _kept_from(self, texts: list[str]) -> int:
        """Number of the first label of the part that everybody has."""
        count = len(texts)
        for start in range(count):
            if ".".join(texts[start:]) in self._tails:
                return start
        if count == 1:
            return 0 if texts[0] in _TOP else 1
        if len(texts[-1]) == 2 and texts[-1].isalpha():
            return count - 2 if count > 2 and texts[-2] in _SECOND else count - 1
        return count - 1 if texts and texts[-1] in _TOP else count

    def _label(self, text: str) -> bytes:
        raw = text.encode("latin-1")
        answer = self._labels.get(raw)
        if answer is None:
            answer = self._fitting(text)
            if self._engine.findings(io.BytesIO(answer))[0]:
                answer = b"x" * len(raw)  # by chance it reads like somebody's name
            self._labels[raw] = answer
        return answer

    def _fitting(self, text: str) -> bytes:
        room = len(text)
        if room < _TOKEN:
            digest = hmac.digest(self._engine.inputs.key, b"label\0" + text.encode("latin-1"), "sha256")
            return base64.b32encode(digest)[:room].lower()
        token = self._engine.names.pseudonym("host", text)[:_TOKEN]
        more = room - _TOKEN
        return (token + ("-" if more > 1 else "") + "x" * (more - (more > 1))).encode()

    def _reverse6(self, labels: Labels) -> Labels:
        nibbles = b"".join(labels[:-2])[::-1].decode("latin-1")
        if any(len(label) != 1 for label in labels[:-2]) or len(nibbles) > 32 or not _is_hex(nibbles):
            return (*(b"x" * len(label) for label in labels[:-2]), *labels[-2:])
        address = ipaddress.IPv6Address(int(nibbles.ljust(32, "0"), 16)).packed
        mapped = self._addresses.ip6[address].hex()[: len(nibbles)][::-1]
        return (*(nibble.encode() for nibble in mapped), *labels[-2:])


def _is_hex(text: str) -> bool:
    return all(char in "0123456789abcdefABCDEF" for char in text)
