"""Run in a network namespace of its own: makes real connections fail in known ways while tcpdump looks on."""

from __future__ import annotations

import ctypes
import os
import signal
import socket
import ssl
import struct
import subprocess
import sys
import time

HERE = "127.0.0.1"
NEAR, FAR = "192.0.2.1", "192.0.2.2"
CLONE_NEWNET = 0x40000000
MANY = 26
"""Protocols that the ClientHello offers: they make it a thousand bytes long and more."""
QUERY = b"\x12\x34\x01\x00\x00\x01\x00\x00\x00\x00\x00\x00\x03api\x07example\x00\x00\x01\x00\x01"
SERVFAIL = QUERY[:2] + b"\x81\x82" + QUERY[4:]


def listening(port: int, backlog: int) -> socket.socket:
    server = socket.socket()
    server.bind((HERE, port))
    server.listen(backlog)
    return server


def hello() -> bytes:
    """A real ClientHello, larger than what the path takes and small enough for one segment."""
    context = ssl.create_default_context()
    context.set_alpn_protocols([f"a-protocol-of-a-long-name-{number:04d}" for number in range(MANY)])
    answer, question = ssl.MemoryBIO(), ssl.MemoryBIO()
    try:
        context.wrap_bio(answer, question, server_hostname="api.example").do_handshake()
    except ssl.SSLWantReadError:
        return question.read()[:1400]
    raise RuntimeError("the handshake ended without an answer")


def far_end() -> int:
    """A host of its own behind a cable; it listens, and takes packets of at most 600 bytes once it gets a signal."""
    cable = ["ip", "link", "add", "near0", "type", "veth", "peer", "name", "far0"]
    subprocess.run(cable, check=True)
    up, began = os.pipe()
    plugged, plug = os.pipe()
    pid = os.fork()
    if pid == 0:
        if ctypes.CDLL(None, use_errno=True).unshare(CLONE_NEWNET):
            os._exit(1)
        os.write(began, b"1")
        os.read(plugged, 1)
        subprocess.run(["ip", "address", "add", f"{FAR}/24", "dev", "far0"], check=True)
        subprocess.run(["ip", "link", "set", "far0", "up"], check=True)
        signal.signal(
            signal.SIGUSR1, lambda *_: subprocess.run(["ip", "link", "set", "far0", "mtu", "600"], check=True)
        )
        server = socket.socket()
        server.bind((FAR, 9003))
        server.listen(8)
        os.write(began, b"1")
        while True:
            signal.pause()
    os.read(up, 1)
    subprocess.run(["ip", "link", "set", "far0", "netns", str(pid)], check=True)
    subprocess.run(["ip", "address", "add", f"{NEAR}/24", "dev", "near0"], check=True)
    subprocess.run(["ip", "link", "set", "near0", "up"], check=True)
    os.write(plug, b"1")
    os.read(up, 1)
    time.sleep(0.2)
    return pid


def main(target: str) -> None:
    subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
    far = far_end()
    full = listening(9001, 0)
    waiting = []
    for _ in range(3):  # a listener whose queue is full drops every further SYN
        caller = socket.socket()
        caller.setblocking(False)
        caller.connect_ex((HERE, 9001))
        waiting.append(caller)
    time.sleep(0.2)
    dump = subprocess.Popen(
        ["tcpdump", "-i", "any", "-U", "-Z", "root", "-w", target, "not", "port", "9009"],
        stderr=subprocess.PIPE,
        text=True,
    )
    line = dump.stderr.readline()
    while "listening on" not in line:
        if not line:
            raise RuntimeError("tcpdump ended")
        line = dump.stderr.readline()
    for caller in waiting:  # those that still try would be seen
        caller.close()
    try:
        fail(full, far)
    finally:
        time.sleep(0.3)
        dump.terminate()
        dump.wait(10)
        os.kill(far, signal.SIGKILL)


def fail(full: socket.socket, far: int) -> None:
    late = socket.socket()
    late.setblocking(False)
    late.connect_ex((HERE, 9001))
    with listening(9002, 8) as server, socket.create_connection((HERE, 9002)) as caller:
        called, _ = server.accept()
        caller.sendall(b"fine")
        called.recv(16)
        called.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        called.close()
    stuck = socket.create_connection((FAR, 9003), 5)
    # From here on the far end takes small packets only, and nobody tells: a path that lost its size.
    os.kill(far, signal.SIGUSR1)
    time.sleep(0.3)
    stuck.sendall(hello())
    mute, speaking = (socket.socket(socket.AF_INET, socket.SOCK_DGRAM) for _ in range(2))
    mute.bind(("127.0.0.53", 53))
    speaking.bind(("127.0.0.54", 53))
    client = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    client.bind((HERE, 0))
    for _ in range(3):
        client.sendto(QUERY, ("127.0.0.53", 53))
        time.sleep(0.05)
    client.sendto(QUERY, ("127.0.0.54", 53))
    _, where = speaking.recvfrom(512)
    speaking.sendto(SERVFAIL, where)
    time.sleep(3.4)  # SYN goes again after 1 s and after 3 s
    for one in (late, stuck, full, mute, speaking, client):
        one.close()


if __name__ == "__main__":
    main(sys.argv[1])
