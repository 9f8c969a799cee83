"""Who redacts: processes of this machine, or the workers of a Dask cluster."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from concurrent.futures import Executor

from escalate.errors import ConfigError, UsageError

SCHEME = "dask://"


@contextlib.contextmanager
def opened(address: str | None) -> Iterator[Executor | None]:
    """The executor behind an address (`dask://HOST:PORT`); None for processes of this machine.

    Raises:
        UsageError: no such address.
        ConfigError: the extra is not installed, or nobody answers there.
    """
    if address is None:
        yield None
        return
    if not address.startswith(SCHEME) or len(address) == len(SCHEME):
        raise UsageError(f"{address!r} is no executor", hint="write it like dask://scheduler:8786")
    try:
        import distributed
    except ImportError as error:
        raise ConfigError(
            "the Dask client is not installed", hint="install it with: pip install 'escalate[dask]'"
        ) from error
    try:
        client = distributed.Client(f"tcp://{address.removeprefix(SCHEME)}", timeout=10)
    except (OSError, ValueError) as error:
        raise ConfigError(
            f"no Dask scheduler answers at {address}",
            hint="start one with: dask scheduler; its workers must see the case folder under the same path",
        ) from error
    with client:
        yield client.get_executor()
