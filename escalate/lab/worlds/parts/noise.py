"""The ordinary, invented world around an incident: the same for the same seed."""

from __future__ import annotations

import base64
import hashlib
import random
import uuid
from collections.abc import Sequence
from typing import TypeVar

T = TypeVar("T")

AGENTS = (
    "Mozilla/5.0+(Windows+NT+10.0;+Win64;+x64)+AppleWebKit/537.36+(KHTML,+like+Gecko)+Chrome/129.0.0.0+Safari/537.36",
    "Mozilla/5.0+(Macintosh;+Intel+Mac+OS+X+10_15_7)+AppleWebKit/605.1.15+(KHTML,+like+Gecko)+Version/17.6+Safari/605.1.15",
    "Mozilla/5.0+(X11;+Linux+x86_64;+rv:130.0)+Gecko/20100101+Firefox/130.0",
    "shop-mobile/7.4.1+(Android+14)",
    "python-requests/2.32.3",
)
"""As W3C logs write them: `+` for a blank."""

PROBE = "HealthCheck/1.0"


class Noise:
    """Invented values from one seed."""

    def __init__(self, seed: str) -> None:
        self._random = random.Random(seed)  # noqa: S311 - noise that must be the same in every run, no secret

    def between(self, low: float, high: float) -> float:
        """Anything between two numbers."""
        return self._random.uniform(low, high)

    def whole(self, low: int, high: int) -> int:
        """A whole number, both ends included."""
        return self._random.randint(low, high)

    def one_of(self, values: Sequence[T]) -> T:
        """Any of them."""
        return self._random.choice(values)

    def chance(self, share: float) -> bool:
        """Yes in that share of calls."""
        return self._random.random() < share

    def around(self, middle: float, spread: float = 0.25) -> float:
        """Near a value, never below zero."""
        return max(0.0, self._random.gauss(middle, middle * spread))

    def address(self) -> str:
        """An address of the documentation ranges."""
        return f"{self.one_of(('203.0.113', '198.51.100', '192.0.2'))}.{self.whole(2, 250)}"

    def agent(self) -> str:
        """A user agent as W3C logs write it."""
        return self.one_of(AGENTS)

    def guid(self) -> str:
        """A random UUID."""
        return str(uuid.UUID(int=self._random.getrandbits(128), version=4))

    def digits(self, count: int) -> str:
        """So many hex digits."""
        return f"{self._random.getrandbits(4 * count):0{count}x}"


def account_key(owner: str) -> str:
    """An invented storage account key: 64 bytes in base64, nobody's."""
    return base64.b64encode(hashlib.sha512(owner.encode()).digest()).decode()


def password(owner: str) -> str:
    """An invented password."""
    return f"Lab-{hashlib.sha256(owner.encode()).hexdigest()[:18]}!"


def hex_id(*parts: str) -> str:
    """64 hex digits, as ARM names instances and containers are named."""
    return hashlib.sha256("/".join(parts).encode()).hexdigest()
