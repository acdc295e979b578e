"""The trusted side's way to the fetcher: synchronous, a connection for each call under way, safe from any thread."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, TypeVar
from urllib.parse import urlsplit

from efface.net import avoided, connections, frames
from efface.net.decoded import check_picture, is_shaded
from efface.net.protocol import (
    Answered,
    Captured,
    CaptureRequest,
    Listed,
    ListRequest,
    Observation,
    ObserveRequest,
    Preview,
    PreviewRequest,
    ProtocolError,
    QuestionRequest,
    Robots,
    RobotsRequest,
    Scan,
    ScanRequest,
    SealedMedium,
    SealMediumRequest,
    TellRequest,
    Told,
    from_wire,
    to_wire,
)
from efface.net.spacing import longer_s

T = TypeVar("T")


class FetcherError(Exception):
    """The fetcher gave no answer that could be used."""


class FetcherUnavailable(FetcherError):
    """It is not running, crashed in mid-answer or took too long: try again later."""


class FetcherTimeout(FetcherUnavailable):
    """This one request took too long: others may not."""


class FetcherGone(FetcherUnavailable):
    """It ended with the question in its hands: what was asked for may have been asked of the site."""


class FetcherRefused(FetcherError):
    """It refused the request as it stands; ``error`` is its word for why. Trying again changes nothing."""

    def __init__(self, error: str, detail: str = "") -> None:
        super().__init__(f"{error}: {detail}" if detail else error)
        self.error = error
        self.detail = detail


class Fetcher:
    """``path`` is the fetcher's socket, ``timeout_s`` the longest wait for one answer. ``avoid`` gives the registered
    domains of which nothing may be asked, at the moment of each question: one about them is refused here
    (``FetcherRefused``, error "stopped"), and the fetcher refuses them wherever else they turn up. While ``closed``
    says why, nothing at all is asked (its word is the error)."""

    def __init__(
        self, path: str, timeout_s: float = 300.0, avoid: Callable[[], Sequence[str]] | None = None,
        closed: Callable[[], str] | None = None,
    ) -> None:  # fmt: skip
        self.path = str(path)
        self.timeout_s = timeout_s
        self.avoid = avoid
        self.closed = closed

    def scan(self, request: ScanRequest) -> Scan:
        """Raises what ``ask`` raises, also for fingerprints that have not their form."""
        answer = self.ask("scan", request, Scan)
        try:
            for one in answer.media:
                check_picture(one.picture)
        except ProtocolError as error:
            raise FetcherRefused("bad-answer", str(error)) from None
        return answer

    def robots(self, request: RobotsRequest) -> Robots:
        return self.ask("robots", request, Robots)

    def listed(self, request: ListRequest) -> Listed:
        """A sitemap, feed or search description."""
        return self.ask("list", request, Listed)

    def question(self, request: QuestionRequest) -> Answered:
        """A search service's answer."""
        return self.ask("question", request, Answered)

    def tell(self, request: TellRequest) -> Told:
        """News handed in at a partner's address."""
        return self.ask("tell", request, Told)

    def capture(self, request: CaptureRequest) -> Captured:
        return self.ask("capture", request, Captured)

    def seal_medium(self, request: SealMediumRequest) -> SealedMedium:
        """A medium sealed where it was fetched; its bytes come here as ciphertext alone."""
        return self.ask("seal", request, SealedMedium)

    def observe(self, request: ObserveRequest) -> Observation:
        return self.ask("observe", request, Observation)

    def preview(self, request: PreviewRequest) -> Preview:
        """A picture tiny, grey and blurred. For ``efface.net.preview`` alone, which asks first whether it may be
        seen."""
        answer = self.ask("preview", request, Preview)
        try:
            check_picture(answer.picture)
        except ProtocolError as error:
            raise FetcherRefused("bad-answer", str(error)) from None
        if not answer.error and not is_shaded(answer.width, answer.height, answer.grey):
            raise FetcherRefused("bad-answer", "preview")
        return answer

    def ping(self) -> dict[str, Any]:
        """State of the process: "decoder" (see ``Decoder.state``), "browser" (see ``Browser.state``), "confined" (by
        Landlock), "faces", "world", "ops", "pid", "rss_mb"."""
        answer = self._exchange("ping", {}, 10.0)
        return answer if isinstance(answer, dict) else {}

    def ask(self, op: str, request: Any, kind: type[T]) -> T:
        """Any operation by its name; the answer is read as ``kind``. Raises ``FetcherUnavailable`` and
        ``FetcherRefused``."""
        shut = self.closed() if self.closed is not None else ""
        if shut:
            raise FetcherRefused(shut)
        domains = list(self.avoid()) if self.avoid is not None else []
        if domains and any(avoided.covers(frozenset(domains), host) for host in _hosts(request)):
            raise FetcherRefused("stopped")
        timeout_s = self.timeout_s + longer_s(getattr(request, "pace_s", 0.0))
        body = self._exchange(op, to_wire(request), timeout_s, domains)
        try:
            answer: T = from_wire(kind, body)
        except ProtocolError as error:
            raise FetcherRefused("bad-answer", str(error)) from None
        return answer

    def _exchange(self, op: str, body: Any, timeout_s: float, avoid: Sequence[str] = ()) -> Any:
        asked = False
        message = {"op": op, "body": body} | ({"avoid": list(avoid)} if avoid else {})
        try:
            with connections.to(self.path, timeout_s) as stream:
                asked = True
                stream.sendall(frames.pack(message))
                answer = frames.receive(stream)
        except (OSError, ProtocolError) as error:
            raise (FetcherGone if asked else FetcherUnavailable)(type(error).__name__) from None
        if not isinstance(answer, dict):
            raise FetcherUnavailable("not an answer")
        if answer.get("ok") is not True:
            word, detail = str(answer.get("error", "")), str(answer.get("detail", ""))
            if word in ("busy", "timeout"):
                raise FetcherTimeout(word) if word == "timeout" else FetcherUnavailable(word)
            raise FetcherRefused(word or "refused", detail)
        return answer.get("body")


def _hosts(request: Any) -> list[str]:
    """The hosts that a request is about: of its address, or of the pages among a finding's assets."""
    pages = [one.url for one in getattr(request, "assets", []) if one.role == "page"]
    return [_host(url) for url in [getattr(request, "url", ""), getattr(request, "origin", ""), *pages] if url]


def _host(url: str) -> str:
    try:
        return urlsplit(url).hostname or ""
    except ValueError:
        return ""
