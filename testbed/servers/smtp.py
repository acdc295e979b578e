"""The desks' mail exchanger: takes notices by real SMTP and lets the world react."""

from __future__ import annotations

import asyncio

from aiosmtpd.smtp import SMTP, Envelope, Session

from testbed import desks, happen
from testbed.notice import read
from testbed.state import State


class Exchanger:
    """Handler for aiosmtpd. Unknown mailboxes are refused, as are those whose desk takes nothing."""

    def __init__(self, state: State) -> None:
        self.state = state
        self.directory = happen.directory(state)
        self.tried: set[str] = set()

    async def handle_RCPT(
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        desk = self.directory.get(address.lower())
        mailbox = address.lower()
        refused = (550, "5.1.1 user unknown") if desk is None else desks.refusal(desk.behaviour, mailbox in self.tried)
        self.tried.add(mailbox)
        if refused is not None:
            self.state.log("mail-refused", to=address.lower(), code=refused[0], **{"from": envelope.mail_from or ""})
            return f"{refused[0]} {refused[1]}"
        envelope.rcpt_tos.append(address)
        envelope.rcpt_options.extend(options)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        data = envelope.content or b""
        notice = read(data if isinstance(data, bytes) else data.encode(), envelope.mail_from or "", envelope.rcpt_tos)
        for address in notice.recipients:
            happen.receive(self.state, self.directory[address], notice)
        return "250 2.0.0 accepted"


async def listen(exchanger: Exchanger, addresses: list[str], port: int, host_name: str) -> asyncio.Server:
    """Bind every address on ``port``. Raises ``OSError`` when one is taken."""
    loop = asyncio.get_running_loop()

    def connection() -> SMTP:
        return SMTP(
            exchanger,
            hostname=host_name,
            enable_SMTPUTF8=True,
            data_size_limit=2_000_000,
            loop=loop,
            ident="ESMTP ready",
        )

    return await loop.create_server(connection, host=addresses, port=port)
