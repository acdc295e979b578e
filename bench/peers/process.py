"""A peer at work in its own process: a line of JSON there, a line of JSON back."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path
from types import TracebackType
from typing import Any

_SCRIPT = Path(__file__).with_name("serve.py")


class PeerFailed(Exception):
    """The peer ended or answered with an error."""


class Peer:
    """``ask`` sends one request and waits for its answer. ``core``: the only processor it may use, if given."""

    def __init__(self, python: Path, core: int | None = None) -> None:
        one = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")
        self._process = subprocess.Popen(
            [str(python), "-W", "ignore", str(_SCRIPT)],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env={**os.environ, **one},
        )  # fmt: skip
        if core is not None:
            os.sched_setaffinity(self._process.pid, {core})

    def ask(self, what: str, **given: Any) -> dict[str, Any]:
        """Raises ``PeerFailed``."""
        if self._process.stdin is None or self._process.stdout is None:
            raise PeerFailed(what)
        try:
            self._process.stdin.write(json.dumps({"what": what, **given}) + "\n")
            self._process.stdin.flush()
        except BrokenPipeError:
            raise PeerFailed(f"{what}: the peer has ended") from None
        line = self._process.stdout.readline()
        if not line:
            raise PeerFailed(f"{what}: the peer has ended")
        answer: dict[str, Any] = json.loads(line)
        if "error" in answer:
            raise PeerFailed(f"{what}: {answer['error']}")
        return answer

    def __enter__(self) -> Peer:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._process.stdin is not None:
            self._process.stdin.close()
        try:
            self._process.wait(10)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
