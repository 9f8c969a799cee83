"""Downloads from Azure Storage with a signed URL, and so without a token."""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import urlsplit

from escalate.azure.call import Call
from escalate.azure.cloud import Cloud, is_loopback
from escalate.azure.download import Expectation, download
from escalate.azure.failure import AzureFailure, Why
from escalate.azure.safe import safe_url
from escalate.azure.session import Channel


def signed_download(channel: Channel, url: str, expect: Expectation) -> Iterator[bytes]:
    """The blob behind a SAS URL.

    Raises:
        AzureFailure: see `download`; the host is not one of this cloud's storage.
    """
    return download(channel, signed_call(channel.cloud, url), expect)


def signed_call(cloud: Cloud, url: str) -> Call:
    """A GET for a SAS URL.

    Raises:
        AzureFailure: the host is not one of this cloud's storage.
    """
    try:
        host = urlsplit(url).hostname or ""
    except ValueError:
        host = ""
    of_storage = bool(cloud.storage) and host.endswith(f".blob.{cloud.storage}")
    if not of_storage and not is_loopback(host):
        raise AzureFailure(Why.INVALID, f"{safe_url(url)} is not on the storage of the cloud {cloud.name}")
    return Call(method="GET", url=url, audience=None)
