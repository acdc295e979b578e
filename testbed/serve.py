"""Run a world: ``python -m testbed.serve --dir DIR [--mail-in HOST:PORT] [--requests FILE]``.

Everything listens on loopback, on ports chosen freely at start, so several worlds can run side by side. What a user of
the world needs is written to ``DIR/ready.json`` (and printed as one line); the process ends on SIGTERM or SIGINT.

``ready.json``: ``seed``, ``start``, ``now`` (ISO), ``days``, ``folder``, ``world`` (what the egress guard is given:
``dns`` [address, port], ``dial`` {claimed: loopback}, ``ports`` {"80", "25", "43"}, ``rdap`` bootstrap data,
``whois`` {suffix: server}), ``smtp`` [address, port] (smarthost and mail exchanger of every desk), ``seeds`` (home
pages of all sites), ``search`` {domain, url, report}, ``cdns`` [{name, domain, ranges, asn}] (public knowledge),
``subjects`` [{key, label, face, files, known_links}] (what each survivor has and knows), ``tsa`` {url, certificate,
root}, ``control`` {url, token}.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import secrets
import signal
import sys
import threading
from collections.abc import Awaitable, Callable
from pathlib import Path
from random import SystemRandom
from typing import Any, TypeVar

from testbed import happen, hostile
from testbed.model import World, load, show_time
from testbed.servers import control, dns, http, rdap, smtp, tsa, whois
from testbed.servers.deliver import Postman
from testbed.servers.search import Search
from testbed.state import State
from testbed.web import Web

READY = "ready.json"
DNS_ADDRESS = "127.0.0.53"
LOCAL = "127.0.0.1"
_TRIES = 40

T = TypeVar("T")


async def on_free_port(bind: Callable[[int], Awaitable[T]]) -> tuple[T, int]:
    """Bind with a random high port, trying others while taken. Raises the last ``OSError``."""
    error: OSError | None = None
    for _ in range(_TRIES):
        port = SystemRandom().randrange(20_000, 60_000)
        try:
            return await bind(port), port
        except OSError as taken:
            error = taken
    assert error is not None
    raise error


class Running:
    """A world with its listeners. ``ready`` is what ``ready.json`` holds."""

    def __init__(self, folder: Path, mail_in: tuple[str, int] | None, requests: Path | None = None) -> None:
        self.folder = folder
        self.world: World = load(folder)
        self.state = State(self.world, folder)
        self.postman = Postman(self.state, mail_in)
        self.zone = dns.Zone(self.state)
        self.pages = Web(self.state)
        self.exchanger = smtp.Exchanger(self.state)
        self.front = http.Front(self.state, self.pages, rdap.Rdap(self.state), Search(self.state), self.zone.addresses)
        if requests is not None:
            # Line by line: whoever measures reads along.
            self.front.log = requests.open("a", buffering=1, encoding="utf-8")
        self.ready: dict[str, Any] = {}
        self._close: list[Callable[[], Awaitable[Any] | None]] = []

    async def start(self) -> dict[str, Any]:
        world = self.world
        await happen.advance(self.state, self.state.now, self.postman.send)
        mx = world.dial[world.addresses[world.services["mx"]][0]]
        whois_at = world.dial[world.addresses[world.services["whois"]][0]]
        (udp, tcp), dns_port = await on_free_port(lambda port: dns.listen(self.zone, DNS_ADDRESS, port))
        addresses = sorted(set(world.dial.values()))
        (web_server, web), web_port = await on_free_port(lambda port: http.listen(self.front, addresses, port))
        mail, mail_port = await on_free_port(lambda port: smtp.listen(self.exchanger, [mx], port, world.services["mx"]))
        asked, whois_port = await on_free_port(lambda port: whois.listen(self.state, whois_at, port))
        authority = tsa.Authority(self.state.now)
        authority.write(self.folder)
        stamps, tsa_port = await on_free_port(lambda port: tsa.listen(self.state, authority, LOCAL, port))
        token = secrets.token_urlsafe(24)
        door = control.Control(self.state, self.postman, token)
        driver, control_port = await on_free_port(lambda port: control.listen(door, LOCAL, port))
        for server in (tcp, web, mail, asked):
            self._close.append(server.close)
        self._close += [udp.close, lambda: web_server.shutdown(1.0), stamps.cleanup, driver.cleanup, self.postman.close]
        threading.Thread(target=hostile.warm, daemon=True).start()
        self.ready = self._describe(dns_port, web_port, mail_port, whois_port, mx)
        self.ready["tsa"] = {
            "url": f"http://{LOCAL}:{tsa_port}/tsa",
            "certificate": str(self.folder / "tsa.pem"),
            "root": str(self.folder / "tsa-root.pem"),
            "chain": str(self.folder / "tsa-chain.pem"),
        }
        self.ready["control"] = {"url": f"http://{LOCAL}:{control_port}", "token": token}
        waiting = self.folder / (READY + ".new")
        waiting.write_text(json.dumps(self.ready, indent=1), encoding="utf-8")
        waiting.rename(self.folder / READY)
        return self.ready

    def _describe(self, dns_port: int, web_port: int, mail_port: int, whois_port: int, mx: str) -> dict[str, Any]:
        world = self.world
        return {
            "seed": world.seed,
            "start": world.start,
            "now": show_time(self.state.now),
            "days": world.days,
            "folder": str(self.folder),
            "world": {
                "dns": [DNS_ADDRESS, dns_port],
                "dial": world.dial,
                "ports": {"80": web_port, "25": mail_port, "43": whois_port},
                "rdap": rdap.bootstrap(world),
                "whois": dict.fromkeys(sorted(rdap.NO_RDAP), world.services["whois"]),
            },
            "smtp": [mx, mail_port],
            "seeds": [f"http://{site.domain}/" for site in world.sites],
            "search": {
                "domain": world.search_domain,
                "url": f"http://{world.search_domain}/",
                "report": f"http://{world.search_domain}/report",
            },
            "cdns": [
                {"name": entry.name, "domain": entry.domain, "ranges": [entry.prefix], "asn": entry.asn}
                for entry in world.providers
                if entry.role == "cdn"
            ],
            "subjects": [
                {
                    "key": subject.key,
                    "label": subject.label,
                    "face": subject.face,
                    "files": [str(self.folder / name) for name in subject.files],
                    "known_links": subject.known_links,
                }
                for subject in world.subjects
            ],
        }

    async def stop(self) -> None:
        for close in self._close:
            waiting = close()
            if waiting is not None:
                with contextlib.suppress(OSError, asyncio.CancelledError):
                    await waiting
        if self.front.log is not None:
            self.front.log.close()
        self.pages.close()
        self.state.close()


def parse_address(text: str) -> tuple[str, int]:
    """HOST:PORT. Raises ``ValueError``."""
    host, _, port = text.rpartition(":")
    if not host or not port.isdigit():
        raise ValueError(f"not HOST:PORT: {text}")
    return host, int(port)


async def run(folder: Path, mail_in: tuple[str, int] | None, requests: Path | None = None) -> None:
    """Serve until told to stop."""
    # Before anybody is told that it is ready: who knows may end it at once.
    over = asyncio.Event()
    loop = asyncio.get_running_loop()
    for name in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(name, over.set)
    running = Running(folder, mail_in, requests)
    ready = await running.start()
    sys.stdout.write(json.dumps({"ready": str(folder / READY), "control": ready["control"]["url"]}) + "\n")
    sys.stdout.flush()
    await over.wait()
    await running.stop()


def main(arguments: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(prog="testbed.serve", description="Serve a generated world on loopback.")
    parser.add_argument("--dir", required=True, type=Path, help="folder a world was generated in")
    parser.add_argument("--mail-in", default="", help="HOST:PORT where the desks' answers go")
    parser.add_argument("--requests", type=Path, default=None, help="file that each HTTP request is written to")
    given = parser.parse_args(arguments)
    asyncio.run(run(given.dir.resolve(), parse_address(given.mail_in) if given.mail_in else None, given.requests))


if __name__ == "__main__":
    main()
