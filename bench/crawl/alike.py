"""The catalogue's cases of mirrors: an operator who changes all that can be told him by, and strangers who share it."""

from __future__ import annotations

from random import Random

from bench.crawl.catalogue import case
from bench.crawl.stage import Stage
from efface.net.fetcher.context import Context
from efface.whereabouts.mirrors.engine import Mirrors
from efface.whereabouts.mirrors.holdings import Held, Holdings, hold

STRANGERS = 3000
"""Sites known beside: with few, nothing is rare."""


def _crowd() -> dict[str, Held]:
    """Strangers, each with albums and an id of its own."""
    rng = Random(29)
    return {
        f"s{number:04d}.example": hold(
            [f"ga:own-{number}"], [[rng.getrandbits(60) for _ in range(6)] for _ in range(2)]
        )
        for number in range(STRANGERS)
    }  # fmt: skip


def _albums(first: int, many: int = 5) -> list[list[int]]:
    return [[first + 50 * album + picture for picture in range(6)] for album in range(many)]


def _together(name: str, expected: str, sites: dict[str, Held]) -> None:
    async def play(stage: Stage, context: Context) -> str:
        mirrors = Mirrors(Holdings())
        mirrors.build(_crowd() | sites)
        joined = [set(one.members) for one in mirrors.networks()]
        whole = any(set(sites) <= members for members in joined)
        return "one network" if whole else "joined in part" if any(set(sites) & one for one in joined) else "apart"

    case(f"mirrors: {name}", expected, seconds=20.0, requests=0, grown_mb=300.0)(play)


# 29: template, ids and favicon are new at every site; what it shows is the same
_together("all but the pictures is changed", "one network", {
    f"m{number}.example": hold([f"ga:rotated-{number}", f"favicon:{number}", f"template:{number}"], _albums(10**6))
    for number in range(4)
})  # fmt: skip
# 30
_together("strangers at one CDN, on one theme with its id", "apart", {
    f"d{number}.example": hold(["ga:of-the-theme", "ip:104.16.1.1", "ns:shared.example", "template:theme"],
                               _albums(2 * 10**6 + 10**4 * number))
    for number in range(60)
})  # fmt: skip
# 31
_together("an album that goes round", "apart", {
    f"v{number}.example": hold([f"ga:viral-{number}"], [*_albums(3 * 10**6, 1), *_albums(4 * 10**6 + 10**4 * number)])
    for number in range(12)
})  # fmt: skip
