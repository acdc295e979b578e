"""Following a playlist to its pieces, through the guarded session, within a total of bytes and seconds."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from efface.net.fetch import Session
from efface.net.playlists import dash, hls
from efface.net.playlists.model import Budget, Piece, PlaylistError, Reason, Track
from efface.net.playlists.plan import choose, pick

_AT_ONCE = 3
_SYNC = 0x47
_PACKET = 188
_LONGEST_DISGUISE = 16_384


@dataclass(frozen=True, slots=True)
class Pulled:
    """``data`` is what to hand to the decoder: the initialisation and the pieces that came, in order of time; empty
    with ``reason`` set (a key of ``WORDS``) where there is nothing. ``seconds`` of ``total_seconds`` of the video are
    in it, from ``pieces`` of ``planned`` pieces; ``requests`` counts what was asked for. ``marks`` are address and
    SHA-256 of a few of those pieces that are files of their own."""

    data: bytes = b""
    reason: Reason | str = ""
    seconds: float = 0.0
    total_seconds: float = 0.0
    pieces: int = 0
    planned: int = 0
    requests: int = 0
    marks: tuple[tuple[str, str], ...] = ()


async def fetch(
    session: Session,
    url: str,
    body: bytes,
    *,
    referer: str = "",
    budget: Budget | None = None,
    now: datetime | None = None,
) -> Pulled:
    """The video whose playlist ``body`` was fetched from ``url`` (after redirects). Nothing is raised but cancellation.
    At most ``budget.total_bytes`` are held, and one piece more while it is read."""
    puller = _Puller(session, referer or url, budget or Budget(), now)
    try:
        async with asyncio.timeout(puller.budget.total_s):
            await puller.run(url, body)
    except PlaylistError as error:
        return Pulled(reason=error.reason, requests=puller.requests)
    except TimeoutError:
        pass
    return puller.done()


class _Puller:
    def __init__(self, session: Session, referer: str, budget: Budget, now: datetime | None) -> None:
        self.session = session
        self.referer = referer
        self.budget = budget
        self.now = now
        self.requests = 0
        self.left = budget.total_bytes
        self.track = Track()
        self.planned = 0
        self.init = b""
        self.got: dict[Piece, bytes] = {}
        self.marks: dict[Piece, tuple[str, str]] = {}

    async def run(self, url: str, body: bytes) -> None:
        self.track = await self._indexed(await self._track(url, body, {url}))
        wanted = pick(self.track, self.budget)
        if not wanted:
            raise PlaylistError("no-video")
        self.planned = len(wanted)
        if wanted[0].init is not None:
            self.init = await self._bytes(wanted[0].init)
            if not self.init:
                raise PlaylistError("unreachable")
        await self._pieces(wanted)

    def done(self) -> Pulled:
        pieces = sorted(self.got, key=lambda piece: (piece.start, piece.first))
        parts = [self.got[piece] for piece in pieces]
        return Pulled(
            data=self.init + b"".join(parts) if parts else b"",
            reason="" if parts else "unreachable",
            seconds=round(sum(piece.seconds for piece in pieces), 2),
            total_seconds=round(self.track.seconds, 2),
            pieces=len(parts),
            planned=self.planned,
            requests=self.requests,
            marks=tuple(self.marks[piece] for piece in _few([one for one in pieces if one in self.marks])),
        )

    async def _track(self, url: str, body: bytes, seen: set[str]) -> Track:
        """The pieces of the quality to take, however many lists lead there."""
        if body.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"<"):
            return await asyncio.to_thread(dash.parse, body, url, self.now)
        found = await asyncio.to_thread(hls.parse, body.decode("utf-8", "replace"), url)
        if isinstance(found, Track):
            return found
        trouble = PlaylistError("unreachable")
        for variant in choose(found)[:3]:
            if variant.url in seen:
                trouble = PlaylistError("loop")
                continue
            if len(seen) > self.budget.lists:
                raise PlaylistError("loop")
            seen.add(variant.url)
            self.requests += 1
            answer = await self.session.get(variant.url, want="text", referer=self.referer)
            if not answer.ok:
                continue
            if answer.clipped:
                raise PlaylistError("too-large")
            try:
                track = await self._track(answer.facts.final_url, answer.body, seen)
            except PlaylistError as error:
                trouble = error
                continue
            return Track(track.pieces, variant.bandwidth, variant.width, variant.height, track.live, track.index)
        raise trouble

    async def _indexed(self, track: Track) -> Track:
        """``track`` with the pieces that its segment index names."""
        if track.index is None:
            return track
        data = await self._bytes(track.index)
        pieces = dash.segment_index(data, track.index.first, track.index.init, track.index.url)
        return Track(tuple(pieces), track.bandwidth, track.width, track.height, track.live)

    async def _pieces(self, wanted: Sequence[Piece]) -> None:
        waiting = list(reversed(wanted))

        async def work() -> None:
            while waiting and self.left > 0:
                piece = waiting.pop()
                data = await self._bytes(piece)
                if data and len(data) <= self.left:
                    self.left -= len(data)
                    self.got[piece] = data if self.init else undisguised(data)
                    if piece.first < 0:
                        self.marks[piece] = piece.url, hashlib.sha256(data).hexdigest()
                elif data:
                    self.left = 0

        workers = [asyncio.create_task(work()) for _ in range(min(_AT_ONCE, len(waiting)))]
        try:
            await asyncio.gather(*workers)
        finally:
            for worker in workers:
                worker.cancel()

    async def _bytes(self, piece: Piece) -> bytes:
        """The bytes of ``piece``; empty where they could not be had whole."""
        self.requests += 1
        asked = (piece.first, piece.last) if piece.first >= 0 else None
        answer = await self.session.get(piece.url, want="segment", referer=self.referer, byte_range=asked)
        if not answer.ok:
            return b""
        if asked is None:
            return b"" if answer.clipped and self.planned > 1 else answer.body
        if answer.facts.status != 206:  # the server sent all of it
            return answer.body[piece.first : piece.last + 1] if len(answer.body) > piece.last else b""
        return answer.body[: piece.size] if len(answer.body) >= piece.size else b""


def _few(pieces: Sequence[Piece]) -> list[Piece]:
    """The first, the middle and the last."""
    return list(dict.fromkeys([pieces[0], pieces[len(pieces) // 2], pieces[-1]])) if pieces else []


def undisguised(data: bytes) -> bytes:
    """A transport stream without the few bytes of a picture that some sites put before each piece, so that it passes
    for an image; anything else as it is."""
    for at in range(min(_LONGEST_DISGUISE, len(data) - 2 * _PACKET)):
        if data[at] == data[at + _PACKET] == data[at + 2 * _PACKET] == _SYNC:
            return data[at:]
    return data
