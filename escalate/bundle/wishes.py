"""What the user may ask of the zips beyond the usual two."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class BundleWishes:
    """The flags of `escalate bundle`."""

    split: int | None = None
    """Bytes a part of the full bundle may have; None: one zip."""
    since: Path | None = None
    """A zip, manifest or receipt: only what is new or changed since then is bundled, beside the zips that stand."""
    encrypt_to: tuple[str, ...] = ()
    """Recipients (`age1...`, SSH public keys), or files with them."""
    sign_with: Path | None = None
    """An SSH key."""
