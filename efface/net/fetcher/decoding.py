"""Pictures met by any request are decoded together: whatever waits is one batch, one fork."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from efface.net.decoder import Decoder
from efface.net.fetch import Fetched
from efface.net.page.model import Page
from efface.net.protocol import Decoded, Limits, Listed, Picture, Want

_BATCH = 8
_BATCH_BYTES = 32 * 1024 * 1024
_WORKERS = 2


@dataclass(slots=True)
class _Waiting:
    data: bytes
    want: Want
    answer: asyncio.Future[Decoded]


class Decoding:
    """Asynchronous front of the decoder; it closes it where it is its ``own``."""

    def __init__(self, decoder: Decoder, own: bool = True) -> None:
        self.decoder = decoder
        self._own = own
        self._waiting: list[_Waiting] = []
        self._wake = asyncio.Event()
        self._pool = ThreadPoolExecutor(2 * _WORKERS, thread_name_prefix="decode")
        self._tasks = [asyncio.create_task(self._work()) for _ in range(_WORKERS)]

    async def picture(self, data: bytes, want: Want = Want.PLAIN) -> Decoded:
        """Fingerprints of ``data``, and what else is wanted. Never raises for what is in it."""
        item = _Waiting(data, want, asyncio.get_running_loop().create_future())
        self._waiting.append(item)
        self._wake.set()
        return await item.answer

    async def tiles(self, data: bytes, transforms: Sequence[Sequence[float]]) -> list[str]:
        """What the picture shows at each of these places; empty where it could not be told."""
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._pool, self.decoder.decode_tiles, data, transforms)

    async def shade(self, data: bytes) -> tuple[int, int, str] | str:
        """The picture tiny, grey and blurred (``Decoder.shade``), or one word for why not."""
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._pool, self.decoder.shade, data)

    async def page(self, fetched: Fetched, limits: Limits, keep_html: bool = False) -> Page | str:
        """The page read in the sandbox, or one word for why not."""
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(
            self._pool, self.decoder.decode_page, fetched.facts, fetched.body, fetched.charset, limits, keep_html
        )

    async def listing(self, url: str, body: bytes) -> Listed:
        """A sitemap or feed read in the sandbox; kind "" where it could not be."""
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._pool, self.decoder.decode_listing, url, body)

    def _take(self) -> list[_Waiting]:
        batch: list[_Waiting] = []
        size = 0
        while self._waiting and len(batch) < _BATCH:
            item = self._waiting[0]
            if item.answer.done():  # nobody waits for it any more
                self._waiting.pop(0)
                continue
            if batch and (item.want != batch[0].want or size + len(item.data) > _BATCH_BYTES):
                break
            size += len(item.data)
            batch.append(self._waiting.pop(0))
        return batch

    async def _work(self) -> None:
        loop = asyncio.get_running_loop()
        while True:
            await self._wake.wait()
            batch = self._take()
            if not batch:
                self._wake.clear()
                continue
            pictures, want = [item.data for item in batch], batch[0].want
            try:
                answers = await loop.run_in_executor(self._pool, self.decoder.decode_pictures, pictures, want)
            except Exception:  # the decoder's own trouble costs this batch, not the queue
                answers = [Decoded(Picture(size=len(data), error="crashed")) for data in pictures]
            for item, answer in zip(batch, answers, strict=True):
                if not item.answer.done():
                    item.answer.set_result(answer)

    async def close(self) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self._pool.shutdown(wait=False, cancel_futures=True)
        if self._own:
            self.decoder.close()
