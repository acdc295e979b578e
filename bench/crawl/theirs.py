"""Their side: the spider in the peers' environment, over the same pages of the same running world."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
import sysconfig
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import dns.asyncresolver
import dns.exception
import dns.nameserver

from bench.peers.environment import peers_python
from testbed.demo.world import World

_SPIDER = Path(__file__).with_name("spider.py")
_ROOT = Path(__file__).resolve().parents[2]
PATIENCE_S = 1500
_ONE = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")


class SpiderFailed(Exception):
    """The spider ended with an error; ``str`` is the last line it wrote."""


@dataclass(frozen=True, slots=True)
class Spun:
    """``pages`` and ``media`` read by the spider, processor and wall-clock seconds."""

    pages: int
    media: int
    faces: int
    errors: int
    cpu_s: float
    wall_s: float
    peak_mb: float

    @property
    def pages_per_cpu_s(self) -> float:
        return self.pages / self.cpu_s

    @property
    def media_per_cpu_s(self) -> float:
        return self.media / self.cpu_s


def spin(world: World, pages: Sequence[str], *, models: Path | None = None, same_vision: bool = False) -> Spun:
    """Read ``pages``. With ``same_vision`` the pictures go through our own vision code in the spider's
    process. Raises ``SpiderFailed``, ``bench.peers.environment.PeersMissing``."""
    port = int(world.ready["world"]["ports"]["80"])
    domains = sorted({urlsplit(page).hostname or "" for page in pages})
    given: dict[str, Any] = {
        "pages": list(pages), "hosts": asyncio.run(_hosts(world, domains)), "port": port, "ours": same_vision,
    }  # fmt: skip
    python, environment = str(peers_python()), {"PATH": os.environ["PATH"], **_ONE}
    if same_vision:
        # Our interpreter and libraries, and behind them what only the peers' environment has.
        peers = Path(python).parents[1] / "lib" / f"python{sysconfig.get_python_version()}" / "site-packages"
        python = sys.executable
        environment["PYTHONPATH"] = os.pathsep.join([str(_ROOT), sysconfig.get_path("purelib"), str(peers)])
        given["models"] = str(models or "")
    done = subprocess.run(
        [python, "-W", "ignore", str(_SPIDER)], input=json.dumps(given), capture_output=True, text=True,
        env=environment, timeout=PATIENCE_S, check=False,
    )  # fmt: skip
    if done.returncode or not done.stdout.strip():
        raise SpiderFailed((done.stderr.strip().splitlines() or ["no answer"])[-1][:300])
    seen = json.loads(done.stdout)
    return Spun(
        seen["pages"], seen["media"], seen["faces"], seen["errors"], round(seen["cpu_s"], 2), round(seen["wall_s"], 1),
        round(seen["peak_mb"], 1),
    )  # fmt: skip


async def _hosts(world: World, domains: Sequence[str]) -> dict[str, str]:
    """The loopback address of each host that the sites of a world are served from."""
    view = world.ready["world"]
    resolver = dns.asyncresolver.Resolver(configure=False)
    resolver.nameservers = [dns.nameserver.Do53Nameserver(*view["dns"])]
    resolver.lifetime = 5.0
    names = set(domains)
    described = json.loads((world.folder / "world.json").read_text(encoding="utf-8"))
    names |= {site["media_domain"] for site in described["sites"] if site["domain"] in names and site["media_domain"]}
    found: dict[str, str] = {}
    for name in sorted(names):
        try:
            answer = await resolver.resolve(name, "A")
        except dns.exception.DNSException:
            continue
        claimed = str(next(iter(answer)))
        if claimed in view["dial"]:
            found[name] = view["dial"][claimed]
    return found
