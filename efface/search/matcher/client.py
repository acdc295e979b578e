"""Asking the matcher, from a job. Patient for some seconds: it may be restarting."""

from __future__ import annotations

import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Protocol

from efface.net import connections, frames
from efface.net.protocol import ProtocolError
from efface.search.matcher.hits import Blocked, Compare, Hits, Holds, Template, Watch, unwire, wire

PATIENCE_S = 20.0
ANSWER_S = 30.0


class MatcherUnavailable(RuntimeError):
    """The matcher does not answer: what was met has not been compared and must be met again."""


class MatcherRefused(RuntimeError):
    """The matcher does not understand the question: the two sides are of different versions."""


class Comparer(Protocol):
    """What the crawl needs of a matcher."""

    def watch(self) -> Watch: ...

    def compare(self, question: Compare) -> Hits: ...

    def missing(self, fingerprints: list[str]) -> list[str]: ...

    def forget(self, token: str) -> None: ...


class Matcher:
    """``path`` is the matcher's trusted socket. A connection for each question under way; safe from any thread."""

    def __init__(self, path: Path | str, patience_s: float = PATIENCE_S) -> None:
        self.path, self.patience_s = str(path), patience_s

    def watch(self) -> Watch:
        """What is being looked for right now. Raises ``MatcherUnavailable``."""
        found: Watch = self._ask("watch", {}, Watch)
        return found

    def compare(self, question: Compare) -> Hits:
        """Raises ``MatcherUnavailable`` after ``patience_s``."""
        found: Hits = self._ask("compare", wire(question), Hits)
        return found

    def missing(self, fingerprints: list[str]) -> list[str]:
        """Those of these fingerprints' ids that are not compared with yet."""
        found: Holds = self._ask("missing", wire(Holds(fingerprints)), Holds)
        return found.fingerprints

    def blocked(self, model: str, vector: Sequence[float]) -> Blocked:
        """Whether a template that is to be enrolled is of a face that somebody blocked."""
        found: Blocked = self._ask("blocked", wire(Template(model, [float(one) for one in vector])), Blocked)
        return found

    def forget(self, token: str) -> None:
        """Have it forget what the scan of this token resembled."""
        self._ask("forget", wire(Compare(token)), Hits)

    def _ask(self, op: str, body: Any, kind: Any) -> Any:
        until, pause = time.monotonic() + self.patience_s, 0.05
        while True:
            try:
                answer = self._once({"op": op, "body": body})
                break
            except (OSError, ProtocolError) as error:
                if time.monotonic() + pause > until:
                    raise MatcherUnavailable(type(error).__name__) from None
                time.sleep(pause)
                pause = min(pause * 2, 1.0)
        if not isinstance(answer, dict) or answer.get("ok") is not True:
            raise MatcherRefused(str(answer.get("detail", "")) if isinstance(answer, dict) else "not an answer")
        try:
            return unwire(kind, answer.get("body"))
        except ProtocolError as error:
            raise MatcherRefused(str(error)) from None

    def _once(self, message: Any) -> Any:
        with connections.to(self.path, ANSWER_S) as stream:
            stream.sendall(frames.pack(message))
            return frames.receive(stream)


def await_fingerprints(matcher: Comparer, fingerprints: list[str], patience_s: float) -> bool:
    """Wait until the matcher compares with these, so that nothing is met in between that it did not know. False where
    it does not after ``patience_s`` (it is still reading, or a consent ended)."""
    until = time.monotonic() + patience_s
    while matcher.missing(fingerprints):
        if time.monotonic() > until:
            return False
        time.sleep(0.05)
    return True
