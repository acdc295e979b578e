"""The decoder's owner side. Any process may own one; calls are safe from any thread."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import socket
import struct
import subprocess
import sys
import threading
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import efface
from efface.net import bundle, frames, sitelist
from efface.net.bundle import Item
from efface.net.decoded import check, is_shaded
from efface.net.kept.model import MOST_BYTES as MOST_KEPT
from efface.net.kept.model import KeptFile, bounded
from efface.net.page.model import Page
from efface.net.proofs import Proof, ProofRequest, proof_answer
from efface.net.protocol import (
    Decoded,
    FetchFacts,
    Limits,
    Listed,
    Mail,
    MediaRef,
    Picture,
    ProtocolError,
    Want,
    from_wire,
    to_wire,
)
from efface.net.sitelist import SiteList
from efface.vision.formats import sniff_video
from efface.vision.local.tiles import MOST_BYTES as MOST_TILE_BYTES

PICTURE_S = 15.0
"""Seconds one picture may take, wall clock."""
MAIL_S = 10.0
PROOF_S = 60.0
KEPT_S = 90.0
PAGE_S = 8.0
LIST_S = 20.0
START_S = 90.0
RETRY_S = 60.0
"""Seconds after which a zygote that would not start is tried again."""
AT_ONCE = 4
MOST_JOBS = 150
"""Jobs one child takes before it ends: a broken child can spoil the rest of its batch, and no more."""
MOST_WORK_S = 30.0
"""Seconds of work after which a child takes no more: with one long video on top it stays below the processor time it
may use (``seal``), at which it would be killed over whatever it reads then."""
IDLE_S = 5.0
"""A child that waits longer is not used again."""
MAX_BYTES = 32 * 1024 * 1024
MAX_VIDEO_BYTES = 63 * 1024 * 1024
VIDEO_S = 60.0
"""Seconds one video may take, wall clock."""
_MOST_TILE = 4 * (MOST_TILE_BYTES // 3 + 1)
"""Characters of base64."""
_MOST_ENTRIES = 5000
_HEAD = struct.Struct("!4sBI")
_META = struct.Struct("!I")
_ONE_THREAD = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "OPENCV_FOR_THREADS_NUM")


class DecoderError(RuntimeError):
    """The decoder was closed by its owner."""


class _Failed(Exception):
    """A child ended or overstayed; the argument is the protocol's word."""


class Decoder:
    """Owns a zygote. ``models`` is the folder of installed models, or None for no faces and no copy vectors."""

    def __init__(self, models: str | os.PathLike[str] | None = None, *, picture_s: float = PICTURE_S) -> None:
        self._models = str(models) if models else ""
        self._picture_s = picture_s
        self._lock = threading.Lock()
        self._places = threading.BoundedSemaphore(AT_ONCE)
        self._state: dict[str, Any] = {}
        self._process: subprocess.Popen[bytes] | None = None
        self._control: socket.socket | None = None
        self._closed = False
        self._last_start = 0.0
        self._waiting: list[_Child] = []
        with self._lock:
            self._start()

    def state(self) -> dict[str, Any]:
        """ "on" (bool), "reason" (why not), "seccomp", "landlock" (version, 0 for none), "uid", "faces" (bool),
        "faces_reason", "copies" (id of the copy embedder, "" without one), "copies_reason",
        "text" (bool: text is found on proofs), "text_reason"."""
        return dict(self._state)

    def decode_pictures(self, pictures: Sequence[bytes], want: Want = Want.PLAIN) -> list[Decoded]:
        """One answer per picture or video, in order. One that breaks its child costs itself only."""
        answers: list[Decoded] = []
        with self._places:
            while len(answers) < len(pictures):
                answers += self._batch(pictures[len(answers) :], want)
        return answers

    def decode_tiles(self, picture: bytes, transforms: Sequence[Sequence[float]]) -> list[str]:
        """What ``picture`` shows where enrolled pictures are said to lie in it, one answer a transform (base64 of
        ``efface.vision.local.TileBits``); empty where it could not be told."""
        try:
            meta = json.dumps({"transforms": [list(one) for one in transforms]}).encode()
        except (TypeError, ValueError):
            return []
        data = _META.pack(len(meta)) + meta + picture
        with self._places:
            try:
                with self._child() as child:
                    answer = child.ask(b"TILE", data, Want.PLAIN, self._picture_s)
            except (_Failed, ProtocolError):
                return []
        if not isinstance(answer, list) or len(answer) != len(transforms):
            return []
        return [one if isinstance(one, str) and len(one) <= _MOST_TILE else "" for one in answer]

    def decode_bundle(self, data: bytes) -> list[Item]:
        """The items of a bundle of fingerprints. Raises ``efface.net.bundle.BundleError``."""
        if len(data) > bundle.MOST_BYTES:
            raise bundle.BundleError("larger than a bundle may be")
        with self._places:
            try:
                with contextlib.closing(_Child(self)) as child:
                    answer = child.ask(b"BUND", data, Want.PLAIN, MAIL_S)
            except (_Failed, ProtocolError) as failed:
                raise bundle.BundleError(f"could not be read ({failed})") from None
        if not isinstance(answer, dict) or not isinstance(answer.get("items"), list):
            raise bundle.BundleError(str(answer.get("error", "")) if isinstance(answer, dict) else "could not be read")
        # The child that read it is no more to be believed than the bundle.
        return bundle.checked(answer["items"])

    def decode_sites(self, data: bytes) -> SiteList:
        """The lines of a list of sites. Raises ``efface.net.sitelist.ListError``."""
        if len(data) > sitelist.MOST_BYTES:
            return sitelist.parse(data)  # says so, without reading it
        with self._places:
            try:
                with contextlib.closing(_Child(self)) as child:
                    return sitelist.from_wire(child.ask(b"SITE", data, Want.PLAIN, MAIL_S))
            except (_Failed, ProtocolError) as failed:
                raise sitelist.ListError(f"could not be read ({failed})") from None

    def decode_object(self, data: bytes) -> dict[str, Any] | str:
        """``data`` as one JSON object, or in words why it could not be read."""
        if len(data) > sitelist.MOST_BYTES:
            return f"larger than {sitelist.MOST_BYTES // 1_000_000} megabytes"
        with self._places:
            try:
                with contextlib.closing(_Child(self)) as child:
                    answer = child.ask(b"OBJE", data, Want.PLAIN, MAIL_S)
            except (_Failed, ProtocolError) as failed:
                return f"could not be read ({failed})"
        found = answer.get("object") if isinstance(answer, dict) else None
        return found if isinstance(found, dict) else str(answer.get("error", ""))[:200] or "could not be read"

    def cover_proof(self, request: ProofRequest) -> Proof:
        """A photographed identity document covered, and written anew from its pixels; ``error`` says why not."""
        data = request.to_bytes()
        if len(data) > MAX_BYTES:
            return Proof(error="memory")
        with self._places:
            try:
                with contextlib.closing(_Child(self)) as child:
                    return proof_answer(child.ask(b"PROO", data, Want.PLAIN, PROOF_S))
            except _Failed as failed:
                return Proof(error=str(failed))
            except ProtocolError:
                return Proof(error="crashed")

    def shade(self, data: bytes) -> tuple[int, int, str] | str:
        """A picture tiny, grey and blurred: width, height and base64 of its shades; or one word for why not. The child
        reads nothing else before or after."""
        if len(data) > MAX_BYTES:
            return "memory"
        with self._places:
            try:
                with contextlib.closing(_Child(self)) as child:
                    answer = child.ask(b"PREV", data, Want.PLAIN, self._picture_s)
            except _Failed as failed:
                return str(failed)
            except ProtocolError:
                return "crashed"
        if not isinstance(answer, dict):
            return "crashed"
        if answer.get("error"):
            return str(answer["error"])[:40]
        width, height, grey = answer.get("width", 0), answer.get("height", 0), answer.get("grey", "")
        return (width, height, grey) if is_shaded(width, height, grey) else "crashed"

    def decode_kept(self, name: str, data: bytes, look: bool) -> list[KeptFile]:
        """What is in a file that was kept as proof; the file itself first, then what an archive holds. ``look``:
        pictures in it may be fingerprinted. Digests of the file itself are counted here."""
        sha256, md5 = _digests(data)
        whole = KeptFile(name, size=len(data), sha256=sha256, md5=md5)
        if len(data) > MOST_KEPT:
            return [replace(whole, error="too-large")]
        meta = json.dumps({"name": name, "look": look}).encode()
        with self._places:
            try:
                with contextlib.closing(_Child(self)) as child:
                    answer = child.ask(b"KEPT", _META.pack(len(meta)) + meta + data, Want.PLAIN, KEPT_S)
                found = bounded([from_wire(KeptFile, one) for one in answer if isinstance(one, dict)])
            except _Failed as failed:
                return [replace(whole, error=str(failed))]
            except (ProtocolError, TypeError):
                return [replace(whole, error="crashed")]
        if not found:
            return [replace(whole, error="crashed")]
        return [replace(found[0], name=name, size=len(data), sha256=sha256, md5=md5), *found[1:]]

    def decode_mail(self, data: bytes) -> Mail:
        """``data`` as a mail; ``error`` is set where it could not be read."""
        if len(data) > MAX_BYTES:
            return Mail(error="too-large")
        with self._places:
            try:
                with contextlib.closing(_Child(self)) as child:
                    mail: Mail = from_wire(Mail, child.ask(b"MAIL", data, Want.PLAIN, MAIL_S))
                    return mail
            except _Failed as failed:
                return Mail(error=str(failed))
            except ProtocolError:
                return Mail(error="crashed")

    def decode_page(
        self, facts: FetchFacts, body: bytes, charset: str, limits: Limits, keep_html: bool = False
    ) -> Page | str:
        """``body`` as the page of ``facts``, or one word for why it could not be read ("off", "timeout", "crashed")."""
        meta = json.dumps(
            {"facts": to_wire(facts), "charset": charset, "limits": to_wire(limits), "keep_html": keep_html}
        ).encode("utf-8", "replace")
        with self._places:
            try:
                with self._child() as child:
                    data = _META.pack(len(meta)) + meta + body[: limits.page_bytes]
                    page: Page = from_wire(Page, child.ask(b"PAGE", data, Want.PLAIN, PAGE_S))
            except _Failed as failed:
                return str(failed)
            except ProtocolError:
                return "crashed"
        return _bounded(page, limits)

    def decode_listing(self, url: str, body: bytes) -> Listed:
        """``body``, fetched from ``url``, as a sitemap, feed or search description; kind "" where it is none or could
        not be read."""
        nothing = Listed(FetchFacts(url), more=True)
        meta = json.dumps({"url": url}).encode("utf-8", "replace")
        with self._places:
            try:
                with self._child() as child:
                    data = _META.pack(len(meta)) + meta + body[:MAX_BYTES]
                    found: Listed = from_wire(Listed, child.ask(b"LIST", data, Want.PLAIN, LIST_S))
            except (_Failed, ProtocolError):
                return nothing
        entries = [entry for entry in found.entries[:_MOST_ENTRIES] if _is_web(entry.url) and 0 <= entry.at < 1 << 33]
        template = found.template if _is_web(found.template) else ""
        return Listed(FetchFacts(url), found.kind, entries, template, found.more)

    def close(self) -> None:
        """End the zygote and its children."""
        with self._lock:
            self._closed = True
            self._stop()
            self._state = {**self._state, "on": False, "reason": "closed"}

    def __enter__(self) -> Decoder:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _batch(self, pictures: Sequence[bytes], want: Want) -> list[Decoded]:
        """Answers for as many of ``pictures`` as one child managed, at least one."""
        answers: list[Decoded] = []
        try:
            with self._child() as child:
                for data in pictures:
                    if answers and child.is_worn():
                        break
                    video = bool(sniff_video(data[:512]))
                    if len(data) > (MAX_VIDEO_BYTES if video else MAX_BYTES):
                        answers.append(_without(data, "memory"))
                        continue
                    seconds = max(self._picture_s, VIDEO_S) if video else self._picture_s
                    answers.append(_checked(child.ask(b"PICT", data, want, seconds), data, want))
        except (_Failed, ProtocolError) as failed:
            word = str(failed) if isinstance(failed, _Failed) else "crashed"
            if word == "off":
                return [*answers, *(_without(data, "off") for data in pictures[len(answers) :])]
            answers.append(_without(pictures[len(answers)], word))
        return answers

    def _start(self) -> None:
        self._last_start = time.monotonic()
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        root = str(Path(efface.__file__).parent.parent)
        environment = {
            "PYTHONPATH": os.pathsep.join([root, *(path for path in sys.path if "site-packages" in path)]),
            "PYTHONDONTWRITEBYTECODE": "1",
            "LANG": "C.UTF-8",
            "LC_ALL": "C.UTF-8",
            **dict.fromkeys(_ONE_THREAD, "1"),
        }
        try:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "efface.net.decoder.zygote", str(theirs.fileno()), self._models],
                env=environment,
                cwd="/",
                pass_fds=[theirs.fileno()],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
            )
            theirs.close()
            ours.settimeout(START_S)
            self._state = json.loads(ours.recv(65536) or b"{}") or {"on": False, "reason": "the decoder did not start"}
            ours.settimeout(10.0)
            self._control = ours
        except (OSError, ValueError) as error:
            self._state = {"on": False, "reason": f"the decoder did not start ({type(error).__name__})"}
            ours.close()
            theirs.close()
        if not self._state.get("on"):
            self._stop()

    def _child(self) -> _Child:
        """A sealed child for pages, lists or pictures: one that waits for more of its batch, else a fresh one. Mail has
        a child of its own."""
        with self._lock:
            while self._waiting:
                child = self._waiting.pop()
                if child.is_usable():
                    return child
                child.end()
        return _Child(self)

    def _take_back(self, child: _Child) -> bool:
        with self._lock:
            if self._closed or self._control is None or len(self._waiting) >= AT_ONCE:
                return False
            self._waiting.append(child)
            return True

    def _stop(self) -> None:
        for child in self._waiting:
            child.end()
        self._waiting.clear()
        if self._control is not None:
            self._control.close()
            self._control = None
        if self._process is not None:
            self._process.kill()
            with contextlib.suppress(subprocess.TimeoutExpired):
                self._process.wait(10)
            self._process = None

    def _open(self) -> socket.socket:
        """A fresh child's socket. A dead zygote is started again; one that would not start, after a while. Raises
        ``_Failed`` ("off") and ``DecoderError``."""
        if self._closed:
            raise DecoderError("closed")
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_STREAM)
        try:
            with self._lock:
                if self._control is None and time.monotonic() - self._last_start > RETRY_S:
                    self._start()
                for _ in range(2):
                    if self._control is None:
                        break
                    try:
                        socket.send_fds(self._control, [b"B"], [theirs.fileno()])
                        return ours
                    except OSError:
                        self._restart()
                raise _Failed("off")
        except _Failed:
            ours.close()
            raise
        finally:
            theirs.close()

    def _restart(self) -> None:
        self._stop()
        if time.monotonic() - self._last_start < 5.0:
            time.sleep(0.2)  # a zygote that dies at once is not started in a tight loop
        self._start()

    def _kill(self, child: int) -> None:
        with self._lock, contextlib.suppress(OSError):
            if self._control is not None:
                self._control.send(b"K%d" % child)


class _Child:
    """One forked, sealed child and the jobs given to it, one at a time."""

    def __init__(self, decoder: Decoder) -> None:
        self._decoder = decoder
        self._stream = decoder._open()
        self._pid = 0
        self._jobs = 0
        self._worked = 0.0
        self._last = time.monotonic()

    def __enter__(self) -> _Child:
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        self._last = time.monotonic()
        if kind is not None or self.is_worn() or not self._decoder._take_back(self):
            self.end()

    def is_worn(self) -> bool:
        """It has done as much as one child does."""
        return self._jobs >= MOST_JOBS or self._worked > MOST_WORK_S

    def is_usable(self) -> bool:
        """It has room for a page or a picture more, has not waited long, and has said nothing unasked."""
        if self.is_worn() or time.monotonic() - self._last > IDLE_S:
            return False
        try:
            self._stream.settimeout(0)
            self._stream.recv(1)
        except BlockingIOError:
            return True
        except OSError:
            return False
        return False

    def end(self) -> None:
        self._stream.close()

    close = end

    def ask(self, kind: bytes, data: bytes, want: Want, seconds: float) -> Any:
        """The child's answer. Raises ``_Failed`` ("timeout", "crashed") and ``ProtocolError``."""
        try:
            if not self._pid:
                self._greet(seconds)
            deadline = time.monotonic() + seconds
            self._jobs += 1
            self._stream.settimeout(seconds)
            self._stream.sendall(_HEAD.pack(kind, int(want), len(data)) + data)
            answer = frames.receive(_Until(self._stream, deadline))  # type: ignore[arg-type]
            self._worked += time.monotonic() - (deadline - seconds)
            return answer
        except TimeoutError:
            self._decoder._kill(self._pid)
            raise _Failed("timeout") from None
        except (OSError, ConnectionError):
            raise _Failed("crashed") from None

    def _greet(self, seconds: float) -> None:
        """Hear the child's process id. A zygote that ended before it forked has read nothing: it costs no picture, and
        another child is asked for, once."""
        self._stream.settimeout(seconds)
        try:
            pid = frames.receive(self._stream)
        except ConnectionError:
            self._stream.close()
            self._stream = self._decoder._open()
            self._stream.settimeout(seconds)
            pid = frames.receive(self._stream)
        self._pid = pid if isinstance(pid, int) and pid > 1 else 0


class _Until:
    """A socket whose ``recv`` keeps one deadline over many calls."""

    def __init__(self, stream: socket.socket, deadline: float) -> None:
        self._stream = stream
        self._deadline = deadline

    def recv(self, size: int) -> bytes:
        left = self._deadline - time.monotonic()
        if left <= 0:
            raise TimeoutError
        self._stream.settimeout(left)
        return self._stream.recv(size)


def _without(data: bytes, reason: str) -> Decoded:
    return Decoded(Picture(*_digests(data), len(data), error=reason))


def _digests(data: bytes) -> tuple[str, str]:
    return hashlib.sha256(data).hexdigest(), hashlib.md5(data, usedforsecurity=False).hexdigest()


def _bounded(page: Page, limits: Limits) -> Page:
    """The page with every list cut to its limit, whatever the child sent, and web addresses only."""
    return replace(
        page,
        title=page.title[:300],
        text=page.text[: limits.text_chars],
        language=page.language[:20],
        lines=page.lines[:2000],
        links=[url for url in page.links[: limits.links_per_page] if _is_web(url)],
        media=[ref for ref in page.media[: limits.media_per_page] if _is_ref(ref)],
        walls=[wall[:20] for wall in page.walls[:12]],
        text_sketch=page.text_sketch[:256],
        dom_sketch=page.dom_sketch[:256],
        moved_to=page.moved_to if _is_web(page.moved_to) else "",
        feeds=[url for url in page.feeds[:20] if _is_web(url)],
        further=[url for url in page.further[:20] if _is_web(url)],
        frames=[url for url in page.frames[:20] if _is_web(url)],
        search=page.search if _is_web(page.search) else "",
        described=page.described if _is_web(page.described) else "",
        alternates=[url for url in page.alternates[:6] if _is_web(url)],
        canonical=page.canonical if _is_web(page.canonical) else "",
        oembed=page.oembed if _is_web(page.oembed) else "",
    )


def _is_web(url: str) -> bool:
    return len(url) <= 2048 and url.startswith(("http://", "https://"))


def _is_ref(ref: MediaRef) -> bool:
    return _is_web(ref.url) and len(ref.link) <= 2048 and (not ref.of or _is_web(ref.of))


def _checked(answer: Any, data: bytes, want: Want) -> Decoded:
    """The child's answer with what it must not be trusted for replaced: digests and size are counted here, and the
    rest must have its shape. Raises ``ProtocolError``."""
    decoded: Decoded = from_wire(Decoded, answer)
    picture = decoded.picture
    check(decoded)
    sha256, md5 = _digests(data)
    return Decoded(
        replace(picture, sha256=sha256, md5=md5, size=len(data)),
        decoded.faces if want & Want.FACES else [],
        decoded.look if want & Want.LOOK else "",
        decoded.print if want & Want.PRINT else "",
        decoded.print_refused if want & Want.PRINT else "",
        decoded.vectors if want & Want.VECTOR else [],
    )
