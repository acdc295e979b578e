"""A real SMTP server on loopback whose answers a test chooses."""

from __future__ import annotations

import asyncio
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Any

import pytest
from aiosmtpd.controller import Controller


class Desk:
    """``mail``, ``rcpt``, ``data`` are the answers ("" accepts, "drop" breaks the line); ``got`` what was accepted as
    (sender, recipient, bytes), ``refuse`` answers for one recipient. ``hold`` makes DATA wait for ``go`` after setting
    ``holding``."""

    def __init__(self) -> None:
        self.mail = self.rcpt = self.data = ""
        self.refuse: dict[str, str] = {}
        self.got: list[tuple[str, str, bytes]] = []
        self.hold = False
        self.holding, self.go = threading.Event(), threading.Event()

    @staticmethod
    def _answer(server: Any, wanted: str, otherwise: str) -> str:
        if wanted == "drop":
            server.transport.abort()
            return otherwise
        return wanted or otherwise

    async def handle_MAIL(self, server: Any, session: Any, envelope: Any, address: str, options: Any) -> str:
        answer = self._answer(server, self.mail, "250 OK")
        if answer[0] == "2":
            envelope.mail_from = address
        return answer

    async def handle_RCPT(self, server: Any, session: Any, envelope: Any, address: str, options: Any) -> str:
        answer = self._answer(server, self.refuse.get(address, self.rcpt), "250 OK")
        if answer[0] == "2":
            envelope.rcpt_tos.append(address)
        return answer

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:
        if self.hold:
            self.holding.set()
            while not self.go.is_set():
                await asyncio.sleep(0.01)
        answer = self._answer(server, self.data, "250 2.0.0 taken")
        if self.data in ("", "drop"):
            self.got += [(envelope.mail_from, one, envelope.content) for one in envelope.rcpt_tos]
        return answer

    def messages(self) -> list[EmailMessage]:
        return [message_from_bytes(data, policy=policy.default) for _, _, data in self.got]  # type: ignore[misc]


@contextmanager
def serving(monkeypatch: pytest.MonkeyPatch) -> Iterator[Desk]:
    """Start the server and point the installation's settings at it."""
    desk = Desk()
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    controller = Controller(desk, hostname="127.0.0.1", port=port)
    controller.start()
    for name, value in (("HOST", "127.0.0.1"), ("PORT", str(port)), ("TLS", "false"), ("USER", "")):
        monkeypatch.setenv(f"EFFACE_SMTP_{name}", value)
    monkeypatch.setenv("EFFACE_MAIL_DOMAIN", "reply.helpline.example")
    try:
        yield desk
    finally:
        desk.go.set()
        controller.stop(no_assert=True)
