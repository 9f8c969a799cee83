"""`api/command` on Windows: the commands of cmd.exe that the lab knows, with the output that they have there."""

from __future__ import annotations

import fnmatch
import json
import shutil
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from types import MappingProxyType

from escalate.lab.app_environment import app_environment
from escalate.lab.kudu.cmd_lines import Simple, bare, expand, expand_delayed, rest_of, split
from escalate.lab.kudu.cmd_result import NOT_FOUND_FILE, NOT_FOUND_PATH, Result
from escalate.lab.kudu.cmd_tools import TOOLS
from escalate.lab.kudu.samples import at_sample
from escalate.lab.kudu.visit import Visit

DETACHED_AFTER_S = 0.2
"""A program that was started aside needs a moment."""
FREE_BYTES = 52_428_800_000
_COUNTERS: Mapping[str, str] = MappingProxyType(
    {"WEBSITE_COUNTERS_APP": "app", "WEBSITE_COUNTERS_CLR": "clr", "WEBSITE_COUNTERS_ASPNET": "aspNet"}
)


class CmdShell:
    """One `cmd /c`; its errorlevel lives as long as it does."""

    def __init__(self, visit: Visit, directory: str = "C:\\home", *, delayed: bool = False) -> None:
        self.visit = visit
        self.directory = directory or "C:\\home"
        self._delayed = delayed
        self._errorlevel = 0

    def run(self, line: str) -> Result:
        """All commands of a line."""
        total = Result()
        for command in split(expand(line, self._variable)):
            if (command.after == "&&" and self._errorlevel) or (command.after == "||" and not self._errorlevel):
                continue
            if command.after == "|":
                return total.then(Result(error="'|' is not understood by the lab\r\n", code=1))
            result = self._redirected(command, self._simple(command))
            self._errorlevel = result.code
            total = total.then(result)
        return total

    def place(self, path: str) -> Path | None:
        """The file behind a path."""
        return self.visit.disk.of_windows(bare(path), self.directory)

    def _simple(self, command: Simple) -> Result:
        words = [expand_delayed(each, self._variable) for each in command.words] if self._delayed else command.words
        name = bare(words[0]).casefold()
        if name.startswith("echo.") or name == "echo":
            text = expand_delayed(command.text, self._variable) if self._delayed else command.text
            return Result(text.lstrip()[len("echo") + 1 :] + "\r\n")
        if name in _BUILT_IN:
            return _BUILT_IN[name](self, words)
        tool = name.rpartition("\\")[2].removesuffix(".exe")
        if "\\" in name and ((place := self.place(name)) is None or not place.exists()):
            return Result(error="The system cannot find the path specified.\r\n", code=1)
        if tool in TOOLS:
            return TOOLS[tool](self.visit, [bare(word) for word in words[1:]], self.place)
        return Result(
            error=f"'{bare(words[0])}' is not recognized as an internal or external command,\r\n"
            "operable program or batch file.\r\n",
            code=1,
        )

    def _redirected(self, command: Simple, result: Result) -> Result:
        output, error = result.output, result.error
        if command.errors == "&1":
            output, error = output + error, ""
        elif command.errors is not None:
            if not self._write(command.errors, error, append=False):
                return Result(error=NOT_FOUND_PATH, code=1)
            error = ""
        if command.output is not None:
            if not self._write(command.output, output, append=command.append):
                return Result(error=NOT_FOUND_PATH, code=1)
            output = ""
        return Result(output, error, result.code)

    def _write(self, path: str, text: str, *, append: bool) -> bool:
        if bare(path).casefold() == "nul":
            return True
        place = self.place(path)
        if place is None or not place.parent.is_dir():
            return False
        with place.open("ab" if append else "wb") as file:
            file.write(text.encode())
        return True

    def _variable(self, name: str) -> str | None:
        name = name.upper()
        visit = self.visit
        if name == "ERRORLEVEL":
            return str(self._errorlevel)
        if name == "WEBSITE_COUNTERS_ALL" or name in _COUNTERS:
            sample = visit.faults.count(f"counters:{visit.app.resource_id}:{visit.worker.machine}")
            counters = at_sample(dict(visit.app.counters), sample)
            chosen = counters if name == "WEBSITE_COUNTERS_ALL" else counters.get(_COUNTERS[name], {})
            return json.dumps(chosen, separators=(",", ":"))
        own = {
            "HOME": "C:\\home",
            "TEMP": "C:\\local\\Temp",
            "TMP": "C:\\local\\Temp",
            "SYSTEMDRIVE": "C:",
            "CD": self.directory,
        }
        known = {key.upper(): value for key, value in app_environment(visit.state, visit.app, visit.worker).items()}
        return {**known, **own}.get(name)

    def hostname(self, words: list[str]) -> Result:
        """Name of the machine."""
        return Result(f"{self.visit.worker.computer or self.visit.worker.machine}\r\n")

    def type_(self, words: list[str]) -> Result:
        """The content of files; text, as the answer is JSON."""
        output = ""
        for word in words[1:]:
            place = self.place(word)
            if place is None or not place.is_file():
                return Result(output, NOT_FOUND_FILE, 1)
            output += place.read_bytes().decode("utf-8", "replace")
        return Result(output)

    def dir_(self, words: list[str]) -> Result:
        """A folder, or what matches a pattern in it; `/b` names only, `/-c` numbers without commas."""
        flags = {word.casefold() for word in words[1:] if word.startswith("/")}
        named = [word for word in words[1:] if not word.startswith("/")]
        place = self.place(named[0] if named else ".")
        pattern = "*"
        if place is not None and not place.is_dir():
            place, pattern = place.parent, place.name
        if place is None or not place.is_dir():
            return Result(
                error="The system cannot find the path specified.\r\n" if "/b" in flags else "File Not Found\r\n",
                code=1,
            )
        found = [
            each for each in self.visit.disk.entries(place) if fnmatch.fnmatch(each.name.casefold(), pattern.casefold())
        ]
        if "/b" in flags:
            return Result(
                "".join(f"{each.name}\r\n" for each in found), "" if found else "File Not Found\r\n", not found
            )
        return _long_listing(self.visit.disk.shown(place), found, commas="/-c" not in flags)

    def mkdir(self, words: list[str]) -> Result:
        """Folders, with those above them."""
        for word in words[1:]:
            place = self.place(word)
            if place is None:
                return Result(error=NOT_FOUND_PATH, code=1)
            if place.exists():
                return Result(error=f"A subdirectory or file {bare(word)} already exists.\r\n", code=1)
            place.mkdir(parents=True)
        return Result()

    def del_(self, words: list[str]) -> Result:
        """Files; one that is not there is said and is no failure."""
        error = ""
        for word in (word for word in words[1:] if not word.startswith("/")):
            place = self.place(word)
            if place is not None and place.is_file():
                place.unlink()
            else:
                error += f"Could Not Find {bare(word)}\r\n"
        return Result(error=error)

    def rmdir(self, words: list[str]) -> Result:
        """A folder; with `/s` what is in it too."""
        flags = {word.casefold() for word in words[1:] if word.startswith("/")}
        for word in (word for word in words[1:] if not word.startswith("/")):
            place = self.place(word)
            if place is None or not place.is_dir():
                return Result(error=NOT_FOUND_FILE, code=2)
            if "/s" in flags:
                shutil.rmtree(place)
            elif any(place.iterdir()):
                return Result(error="The directory is not empty.\r\n", code=145)
            else:
                place.rmdir()
        return Result()

    def if_(self, words: list[str]) -> Result:
        """`if [not] exist PATH COMMAND`."""
        rest = words[1:]
        negated = bool(rest) and rest[0].casefold() == "not"
        rest = rest[1:] if negated else rest
        if len(rest) < 3 or rest[0].casefold() != "exist":
            return Result(error="The syntax of the command is incorrect.\r\n", code=1)
        place = self.place(rest[1])
        if (place is not None and place.exists()) is negated:
            return Result(code=self._errorlevel)
        return self.run(" ".join(rest[2:]).removeprefix("(").removesuffix(")"))

    def cmd(self, words: list[str]) -> Result:
        """`cmd [/v:on] /c LINE`."""
        lowered = [word.casefold() for word in words]
        if "/c" not in lowered:
            return Result(error="The lab runs cmd with /c only.\r\n", code=1)
        inner = CmdShell(self.visit, self.directory, delayed=self._delayed or "/v:on" in lowered or "/v" in lowered)
        return inner.run(rest_of(words, lowered.index("/c") + 1))

    def start(self, words: list[str]) -> Result:
        """`start ["title"] /b COMMAND`: it runs on, and nobody waits."""
        rest = words[1:]
        while rest and (rest[0].startswith(("/", '"')) and not rest[0].casefold().startswith("/c")):
            rest = rest[1:]
        line = " ".join(rest)
        aside = CmdShell(self.visit, self.directory, delayed=self._delayed)

        def job() -> None:
            if self.visit.memory.launches.pause(DETACHED_AFTER_S):
                aside.run(line)

        self.visit.memory.launches.work(job)
        return Result()


_BUILT_IN: Mapping[str, Callable[[CmdShell, list[str]], Result]] = MappingProxyType(
    {
        "hostname": CmdShell.hostname,
        "hostname.exe": CmdShell.hostname,
        "type": CmdShell.type_,
        "dir": CmdShell.dir_,
        "mkdir": CmdShell.mkdir,
        "md": CmdShell.mkdir,
        "del": CmdShell.del_,
        "erase": CmdShell.del_,
        "rmdir": CmdShell.rmdir,
        "rd": CmdShell.rmdir,
        "if": CmdShell.if_,
        "cmd": CmdShell.cmd,
        "cmd.exe": CmdShell.cmd,
        "start": CmdShell.start,
    }
)


def _long_listing(shown: str, found: list[Path], *, commas: bool) -> Result:
    lines = [" Volume in drive C is Windows", " Volume Serial Number is 2E75-4D5A", "", f" Directory of {shown}", ""]
    total = files = folders = 0
    for each in found:
        facts = each.stat()
        at = datetime.fromtimestamp(facts.st_mtime, UTC).strftime("%m/%d/%Y  %I:%M %p")
        if each.is_dir():
            folders += 1
            lines.append(f"{at}    <DIR>          {each.name}")
        else:
            files, total = files + 1, total + facts.st_size
            lines.append(f"{at} {_number(facts.st_size, commas=commas):>17} {each.name}")
    if not found:
        return Result("\r\n".join(lines) + "\r\n", "File Not Found\r\n", 1)
    lines.append(f"{files:>16} File(s) {_number(total, commas=commas):>14} bytes")
    lines.append(f"{folders:>16} Dir(s) {_number(FREE_BYTES, commas=commas):>15} bytes free")
    return Result("\r\n".join(lines) + "\r\n")


def _number(value: int, *, commas: bool) -> str:
    return f"{value:,}" if commas else str(value)
