"""How a server of the lab breaks a connection in the middle of a request."""

from __future__ import annotations

import os
import socket
import struct
from typing import TYPE_CHECKING, NoReturn

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment


def reset(environ: WSGIEnvironment, why: str) -> NoReturn:
    """RST, not FIN: the descriptor of the connection is exchanged, so that the kernel closes it with a linger of 0.

    Raises:
        ConnectionResetError: always; werkzeug takes it as the end of this request.
    """
    connection = environ.get("werkzeug.socket")
    if isinstance(connection, socket.socket):
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        ours, other = socket.socketpair()
        with ours, other:
            os.dup2(ours.fileno(), connection.fileno())
    raise ConnectionResetError(f"the lab resets this connection: {why}")
