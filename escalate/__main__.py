"""`python -m escalate` and the `escalate` command."""

from __future__ import annotations

import functools
import signal
import sys


def main() -> None:
    """Run the command line; the process ends with one of `errors.ExitCode`."""
    from escalate.cli.app import report_bug, run, stop_on_terminate
    from escalate.cli.session import Session

    arguments, session = sys.argv[1:], Session()
    signal.signal(signal.SIGTERM, stop_on_terminate)
    sys.excepthook = functools.partial(report_bug, arguments, session)
    sys.exit(run(arguments, session))


if __name__ == "__main__":
    main()
