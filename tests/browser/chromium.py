"""A real headless Chromium, spoken to through its own pipe (DevTools protocol, messages that end in a zero byte)."""

from __future__ import annotations

import base64
import contextlib
import json
import os
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, BinaryIO

PROGRAM = shutil.which("chromium") or shutil.which("chromium-browser")
FLAGS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--hide-scrollbars",
    "--remote-debugging-pipe",
)


@dataclass
class Visit:
    """What the browser said and asked for while a page was open."""

    console: list[str] = field(default_factory=list)
    requests: list[str] = field(default_factory=list)
    """Addresses that were asked for, the page itself and the data: icon among them."""

    @property
    def outside(self) -> list[str]:
        """Requests that would have left the machine, or the file."""
        return [url for url in self.requests[1:] if not url.startswith("data:")]


class Browser:
    """One browser with one tab."""

    def __init__(self, to_browser: BinaryIO, from_browser: BinaryIO) -> None:
        self._out = to_browser
        self._in = from_browser
        self._number = 0
        self._session: str | None = None
        self._asked: dict[str, str] = {}
        self._loaded = False
        self.visit = Visit()
        target = self.call("Target.createTarget", url="about:blank")["targetId"]
        self._session = self.call("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        for domain in ("Page", "Runtime", "Log", "Network"):
            self.call(f"{domain}.enable")

    def call(self, method: str, **params: Any) -> dict[str, Any]:
        """One command and its answer; events that come before it are kept."""
        self._number += 1
        message = {"id": self._number, "method": method, "params": params}
        if self._session:
            message["sessionId"] = self._session
        self._out.write(json.dumps(message).encode() + b"\0")
        self._out.flush()
        while True:
            answer = self._read()
            if answer.get("id") == self._number:
                if "error" in answer:
                    raise RuntimeError(f"{method}: {answer['error']}")
                return answer["result"]

    def open(self, page: Path) -> Visit:
        """Load a page anew, until its load event."""
        self.visit = Visit()
        self._loaded = False
        self.call("Page.navigate", url=page.as_uri())
        while not self._loaded:
            self._read()
        self.evaluate("document.fonts.ready.then(() => 1)")
        return self.visit

    def size(self, width: int, height: int, mobile: bool = False) -> None:
        """Give the tab the size of a screen; a phone's screen obeys the viewport tag."""
        self.call("Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=mobile)

    def media(self, *, scheme: str = "light", kind: str = "screen") -> None:
        """What `prefers-color-scheme` says, and whether it is a screen or paper."""
        features = [{"name": "prefers-color-scheme", "value": scheme}]
        self.call("Emulation.setEmulatedMedia", media=kind, features=features)

    def evaluate(self, script: str) -> Any:
        """The value of a script, run from outside of the page and so not under its policy; a promise is waited for."""
        answer = self.call("Runtime.evaluate", expression=script, awaitPromise=True, returnByValue=True)
        if "exceptionDetails" in answer:
            raise RuntimeError(str(answer["exceptionDetails"]))
        return answer["result"].get("value")

    def click(self, selector: str) -> None:
        """Press what a selector finds with the mouse, and wait for the page that it opens."""
        box = "document.querySelector({0}).scrollIntoView(), document.querySelector({0}).getClientRects()[0]"
        where = self.evaluate(f"(one => [one.x + 9, one.y + one.height / 2])(({box.format(json.dumps(selector))}))")
        self._loaded = False
        for kind in ("mousePressed", "mouseReleased"):
            self.call("Input.dispatchMouseEvent", type=kind, x=where[0], y=where[1], button="left", clickCount=1)
        while not self._loaded:
            self._read()

    def screenshot(self, place: Path) -> None:
        """A PNG of the whole page."""
        width, height = self.evaluate("[innerWidth, document.documentElement.scrollHeight]")
        clip = {"x": 0, "y": 0, "width": width, "height": height, "scale": 1}
        answer = self.call("Page.captureScreenshot", format="png", captureBeyondViewport=True, clip=clip)
        place.write_bytes(base64.b64decode(answer["data"]))

    def pdf(self, place: Path) -> None:
        """Print it on A4."""
        self.call("Emulation.setEmulatedMedia", media="", features=[])
        answer = self.call(
            "Page.printToPDF", printBackground=True, preferCSSPageSize=True, paperWidth=8.27, paperHeight=11.69
        )
        place.write_bytes(base64.b64decode(answer["data"]))

    def _read(self) -> dict[str, Any]:
        data = bytearray()
        while (byte := self._in.read(1)) != b"\0":
            if not byte:
                raise EOFError("the browser went away")
            data += byte
        message = json.loads(data)
        method, params = message.get("method"), message.get("params", {})
        if method == "Page.loadEventFired":
            self._loaded = True
        elif method == "Network.requestWillBeSent":
            self._asked[params["requestId"]] = params["request"]["url"]
            self.visit.requests.append(params["request"]["url"])
        elif method == "Network.loadingFailed" and params.get("blockedReason") == "csp":
            self.visit.requests.remove(self._asked[params["requestId"]])  # announced, and then not sent
        elif method == "Log.entryAdded":
            self.visit.console.append(params["entry"]["text"])
        elif method == "Runtime.consoleAPICalled":
            self.visit.console.append(" ".join(str(one.get("value")) for one in params["args"]))
        elif method == "Runtime.exceptionThrown":
            self.visit.console.append(params["exceptionDetails"]["text"])
        return message


@contextlib.contextmanager
def browser(folder: Path) -> Iterator[Browser]:
    """A browser with a profile of its own below `folder`; it ends with the block."""
    to_read, to_write = os.pipe()
    from_read, from_write = os.pipe()

    def take_pipes() -> None:
        os.dup2(to_read, 3)
        os.dup2(from_write, 4)

    folder.mkdir(parents=True, exist_ok=True)
    with contextlib.ExitStack() as stack:
        out = stack.enter_context(os.fdopen(to_write, "wb"))
        answers = stack.enter_context(os.fdopen(from_read, "rb"))
        process = subprocess.Popen(
            [str(PROGRAM), *FLAGS, f"--user-data-dir={folder / 'profile'}", "about:blank"],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            env={**os.environ, "HOME": str(folder)},
            pass_fds=(3, 4),
            preexec_fn=take_pipes,
        )
        os.close(to_read)
        os.close(from_write)
        try:
            yield Browser(out, answers)
        finally:
            process.terminate()
            process.wait(timeout=30)
