"""The driver's door to the world: what time it is, whether mail is under way, and moving on. Needs a bearer token.

``GET /state`` -> {"idle": bool, "now": iso, "next": iso | null, "in_flight": n, "events": n}
``next`` is when the next mail is due; whatever else is planned happens by itself, in order, on the way.
``POST /advance`` {"now": iso} -> the same, after everything due happened and its mail was delivered (or gave up
waiting, then ``idle`` is false and delivery goes on in the background).
"""

from __future__ import annotations

import asyncio
import hmac
import json

from aiohttp import web

from testbed import happen
from testbed.model import parse_time, show_time
from testbed.servers.deliver import Postman
from testbed.state import State


class Control:
    def __init__(self, state: State, postman: Postman, token: str) -> None:
        self.state, self.postman, self._token = state, postman, token
        self._lock = asyncio.Lock()
        self.events = 0

    def snapshot(self) -> dict[str, object]:
        following = self.state.next_mail()
        return {
            "idle": not self._lock.locked() and self.postman.in_flight == 0,
            "now": show_time(self.state.now),
            "next": show_time(following) if following else None,
            "in_flight": self.postman.in_flight,
            "events": self.events,
        }

    def _allowed(self, request: web.Request) -> None:
        given = request.headers.get("authorization", "").removeprefix("Bearer ")
        if not hmac.compare_digest(given.encode(), self._token.encode()):
            raise web.HTTPForbidden(text="token")

    async def get_state(self, request: web.Request) -> web.Response:
        self._allowed(request)
        return web.json_response(self.snapshot())

    async def advance(self, request: web.Request) -> web.Response:
        self._allowed(request)
        try:
            until = parse_time((await request.json())["now"])
        except (json.JSONDecodeError, KeyError, TypeError, ValueError, AttributeError):
            return web.json_response({"error": "now: an ISO time with a zone"}, status=400)
        async with self._lock:
            self.events += await happen.advance(self.state, until, self.postman.send)
            await self.postman.settle()
        return web.json_response(self.snapshot())


async def listen(control: Control, address: str, port: int) -> web.AppRunner:
    """Bind. Raises ``OSError`` when taken."""
    app = web.Application()
    app.router.add_get("/state", control.get_state)
    app.router.add_post("/advance", control.advance)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=1.0)
    await runner.setup()
    await web.TCPSite(runner, address, port).start()
    return runner
