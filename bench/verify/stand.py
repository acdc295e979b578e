"""A world of removals served on loopback, and real fetchers that look at it: one that sees it from here alone, and one
with two more ways out."""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from bench.crawl import stage as stages
from bench.crawl.stage import CLAIMED, Stage
from bench.verify import closer, proxies
from efface.net.client import Fetcher
from testbed.removals.site import Answer, Asked, Site
from testbed.removals.world import World

NOWHERE = "45.66.77.99"
"""An address at which nothing answers."""
_DRIP = b"HTTP/1.1 200 -\r\nContent-Type: text/html\r\nConnection: close\r\n\r\n<html>"
_LYING = b"HTTP/1.1 200 -\r\nContent-Type: text/html\r\nContent-Length: 900000\r\nConnection: close\r\n\r\n<html>short"


@dataclass
class Stand:
    world: World
    here: Fetcher
    placed: Fetcher
    matcher: closer.Closer


@contextlib.contextmanager
def standing(world: World) -> Iterator[Stand]:
    with contextlib.ExitStack() as opened:
        folder = Path(opened.enter_context(tempfile.TemporaryDirectory(prefix="efface-verify-")))
        stage = opened.enter_context(stages.standing())
        _put(world, stage)
        matcher = opened.enter_context(closer.standing(folder / "faces.sock"))
        paths = [f"--path={name}={proxy}" for name, proxy in opened.enter_context(proxies.standing()).items()]
        here = opened.enter_context(_fetcher(folder, "here", stage, []))
        placed = opened.enter_context(_fetcher(folder, "placed", stage, paths))
        yield Stand(world, here, placed, matcher)


def _put(world: World, stage: Stage) -> None:
    def handler(asked: stages.Asked) -> stages.Answer:
        headers = asked.headers
        return _wire(
            world.answer(
                Asked(asked.host, asked.path, headers.get("user-agent", ""), headers.get("referer", ""), asked.peer)
            )
        )

    for host in [world.search_host, *world.by_host]:
        stage.add(host, handler)
    for host, site in world.by_host.items():
        stage.names[host] = _names(site, host)


def _names(site: Site, host: str) -> Callable[[], list[str] | str]:
    def told() -> list[str] | str:
        word = site.names(host)
        return [NOWHERE] if word == "nowhere" else word or [CLAIMED]

    return told


def _wire(answer: Answer) -> stages.Answer:
    if answer.raw == "hang":
        return None
    if answer.raw == "reset":
        return []
    if answer.raw == "drip":
        return _drip()
    if answer.raw == "lying":
        return _LYING
    more = {name.replace("-", "_"): value for name, value in answer.headers.items()}
    return stages.page(answer.body, answer.status, answer.mime, **more)


def _drip() -> Iterator[bytes]:
    yield _DRIP
    for _ in range(100):
        time.sleep(0.1)
        yield b"x"


@contextlib.contextmanager
def _fetcher(folder: Path, name: str, stage: Stage, more: list[str]) -> Iterator[Fetcher]:
    given = os.memfd_create(name)
    os.write(given, json.dumps(stage.described).encode())
    socket = folder / f"{name}.sock"
    command = [
        sys.executable, "-m", "efface.whereabouts.fetcher", "--socket", str(socket), "--world-fd", str(given),
        "--faces-socket", str(folder / "faces.sock"), "--exit-with-parent", *more,
    ]  # fmt: skip
    with (folder / f"{name}.log").open("w") as log:
        process = subprocess.Popen(command, pass_fds=[given], stdout=subprocess.PIPE, stderr=log)
        try:
            if process.stdout is None or process.stdout.readline() != b"ready\n":
                raise RuntimeError(f"the fetcher did not start: {(folder / f'{name}.log').read_text()[-500:]}")
            yield Fetcher(str(socket), timeout_s=280)
        finally:
            process.terminate()
            process.wait(20)
            os.close(given)
