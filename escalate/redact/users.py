"""The people of this machine, as far as their account names show."""

from __future__ import annotations

import contextlib

FIRST_PERSON = 1000
"""Lowest user id of a person on Debian, Ubuntu, Alpine and Azure Linux."""
_NOBODY = 65534


def local_users() -> tuple[str, ...]:
    """Account names of people; empty where there is no user database."""
    with contextlib.suppress(ImportError):
        import pwd

        return tuple(entry.pw_name for entry in pwd.getpwall() if FIRST_PERSON <= entry.pw_uid < _NOBODY)
    return ()
