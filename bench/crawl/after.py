"""The catalogue's cases after a notice: what is left when the page is gone, and an operator who shows our notice."""

from __future__ import annotations

import io
from datetime import UTC, datetime

from PIL import Image

from bench.crawl.catalogue import LIMITS, WORDS, case, look
from bench.crawl.stage import Asked, Stage, page
from efface.engine.base import addresses
from efface.net.fetcher.context import Context
from efface.net.fetcher.observe import observe
from efface.net.fetcher.scan import scan
from efface.net.protocol import AssetRef, Baseline, ObserveRequest, ScanRequest
from efface.takedown.verdict import judge

HOST, EDGE = "hostile.example.net", "edge.example.com"
NOW = datetime(2026, 9, 2, tzinfo=UTC)


def _scene() -> bytes:
    """A picture that is itself still when it is made smaller."""
    out = io.BytesIO()
    Image.effect_noise((16, 12), 90).resize((640, 480), Image.Resampling.BICUBIC).convert("RGB").save(out, "JPEG")
    return out.getvalue()


def _smaller(data: bytes) -> bytes:
    out = io.BytesIO()
    Image.open(io.BytesIO(data)).resize((320, 240)).save(out, "JPEG", quality=90)
    return out.getvalue()


def _left(name: str, expected: str, gone: frozenset[str]) -> None:
    """A page with a full picture, its thumbnail and a copy at a CDN; afterwards ``gone`` of these answer 404."""

    async def play(stage: Stage, context: Context) -> str:
        full = _scene()
        thumbnail = _smaller(full)
        missing: set[str] = set()

        def answer(asked: Asked) -> bytes:
            if asked.path in missing or asked.path not in ("/", "/v/1", "/full.jpg", "/thumb.jpg"):
                return page("<title>Not found</title>", 404)
            if asked.path.endswith(".jpg"):
                return page(full if asked.path == "/full.jpg" else thumbnail, mime="image/jpeg")
            return page(f"<title>Shown</title><img src=/full.jpg>{WORDS}" if asked.path == "/v/1" else WORDS)

        def cached(asked: Asked) -> bytes:
            """What the edge still has under the address itself; past the cache, the origin says no."""
            if "cdn" in missing or (missing and "?" in asked.path):
                return page("", 404)
            return page(full, mime="image/jpeg", cf_cache_status="HIT" if missing else "MISS")

        url, copy = stage.add(HOST, answer), stage.add(EDGE, cached) + "c.jpg"
        met = await look(context, f"{url}full.jpg")
        pdq = [value for one in met.media for value in one.picture.pdq]
        assets = [
            AssetRef("page", f"{url}v/1"), AssetRef("media", f"{url}full.jpg"),
            AssetRef("thumbnail", f"{url}thumb.jpg"), AssetRef("cdn", copy),
        ]  # fmt: skip
        before = ObserveRequest(assets, pdq=pdq, control_url=url, limits=LIMITS)
        first = (await observe(before, context)).pages["bot"]
        baseline = Baseline(first.title, first.text_shingles, first.dom_shingles, first.media_urls)
        missing |= gone
        request = ObserveRequest(assets, pdq=pdq, control_url=url, limits=LIMITS, baseline=baseline)
        verdict = judge(await observe(request, context), [], baseline, NOW)
        return " ".join(word for word in (verdict.state, verdict.part) if word)

    case(f"after a notice: {name}", expected, seconds=12.0, requests=60)(play)


# 22, 23
_left("the copy at the CDN outlives the origin", "partial cdn-cache", frozenset({"/v/1", "/full.jpg", "/thumb.jpg"}))
_left("the thumbnail outlives the picture", "partial thumbnail", frozenset({"/v/1", "/full.jpg", "cdn"}))
_left("the picture outlives its page", "partial media", frozenset({"/v/1", "/thumb.jpg", "cdn"}))
_left("all of it is gone", "gone-provisional", frozenset({"/v/1", "/full.jpg", "/thumb.jpg", "cdn"}))


# 24, 25 -- what is refused is not gone
def _refusing(name: str, expected: str, needs_referer: bool) -> None:
    async def play(stage: Stage, context: Context) -> str:
        data = _scene()

        def answer(asked: Asked) -> bytes:
            if asked.path.startswith("/full.jpg"):
                welcome = needs_referer and HOST in asked.headers.get("referer", "")
                return page(data, mime="image/jpeg") if welcome else page("no", 403)
            return page(f"<img src='/full.jpg?expires=1&signature=x'>{WORDS}")

        found = (await look(context, stage.add(HOST, answer))).media[0]
        return "read" if found.picture.pdq else f"status {found.facts.status}"

    case(f"media: {name}", expected)(play)


_refusing("only with a Referer", "read", True)
_refusing("signed address that expired", "status 403", False)


# 32 -- our own words on a shame page. Whether an address was signed here is asked where the key is (sites.hostility).
def _shame(name: str, expected: str, html: str) -> None:
    async def play(stage: Stage, context: Context) -> str:
        url = stage.add(HOST, lambda _: page(f"<h1>Whiners of the week</h1><p>{html}</p>{WORDS}"))
        one = await scan(ScanRequest(url, media=False, limits=LIMITS), context)
        return "told" if addresses.written(one.text) else "nothing"

    case(f"shame page: {name}", expected)(play)


_REPLY = "r-q3fyq2bq7x2m5kq3fyq2bq7x2m.aq3fyq2bq7x2m5kt@reply.example-helpline.org"
_shame("our reply address", "told", f"They wrote: please remove. Reply-To: {_REPLY}")
_shame("our reply address in capitals", "told", _REPLY.upper())
_shame("our reply address in a link", "told", f"<a href='mailto:{_REPLY}'>{_REPLY}</a>")
_shame("somebody else's address", "nothing", "Reply-To: desk@another-helpline.org")
