"""The world as a process of its own, and the driver's way to it."""

from __future__ import annotations

import http.client
import json
import os
import subprocess
import sys
import time
from datetime import datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from efface.engine.run.supervisor import end_with_parent
from testbed.model import parse_time


class WorldFailed(RuntimeError):
    """The world did not come up, or stopped answering."""


class World:
    """A running world. ``ready`` is its ``ready.json``; ``descriptor`` holds the guard's view of it;
    ``requests`` is the file that each HTTP request is written to, where one is wanted."""

    def __init__(self, folder: Path, mail_in: str, requests: Path | None = None) -> None:
        self.folder = folder
        more = ["--requests", str(requests)] if requests else []
        log = (folder / "world.log").open("ab")
        self.process = subprocess.Popen(
            [sys.executable, "-m", "testbed.serve", "--dir", str(folder), "--mail-in", mail_in, *more],
            stdout=log, stderr=log, stdin=subprocess.DEVNULL, start_new_session=True, preexec_fn=end_with_parent,
        )  # fmt: skip
        log.close()
        self.ready = self._await_ready()
        control = urlsplit(self.ready["control"]["url"])
        self.connection = http.client.HTTPConnection(control.hostname or "", control.port or 0, timeout=120)
        self.descriptor = os.memfd_create("world")
        os.write(self.descriptor, json.dumps(self.ready["world"]).encode())

    def _await_ready(self) -> dict[str, Any]:
        until = time.monotonic() + 60
        while time.monotonic() < until:
            if self.process.poll() is not None:
                break
            try:
                return json.loads((self.folder / "ready.json").read_text(encoding="utf-8"))  # type: ignore[no-any-return]
            except (OSError, ValueError):
                time.sleep(0.05)
        last = (self.folder / "world.log").read_text(errors="replace").strip().splitlines()[-1:]
        raise WorldFailed(f"the world did not start: {' '.join(last)}")

    def _ask(self, method: str, path: str, body: dict[str, str] | None = None) -> dict[str, Any]:
        headers = {"Authorization": f"Bearer {self.ready['control']['token']}", "Content-Type": "application/json"}
        for attempt in (1, 2):
            try:
                self.connection.request(method, path, json.dumps(body) if body else None, headers)
                answer = self.connection.getresponse()
                content = answer.read()
                break
            except (OSError, http.client.HTTPException) as error:
                # An idle connection may have been closed; both questions may be asked twice.
                self.connection.close()
                if attempt == 2:
                    raise WorldFailed(f"the world does not answer: {error}") from None
        if answer.status != 200:
            raise WorldFailed(f"the world answered {answer.status}: {content[:200]!r}")
        return json.loads(content)  # type: ignore[no-any-return]

    def state(self) -> tuple[bool, datetime | None]:
        """Is nothing under way, and when does the next thing happen."""
        answer = self._ask("GET", "/state")
        return bool(answer["idle"]), parse_time(answer["next"]) if answer["next"] else None

    def advance(self, moment: datetime) -> None:
        """Let everything happen that is due by then."""
        self._ask("POST", "/advance", {"now": moment.isoformat()})

    @property
    def start(self) -> datetime:
        return parse_time(self.ready["start"])

    def stop(self) -> None:
        if self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(10)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait(5)
