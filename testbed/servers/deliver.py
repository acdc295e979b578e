"""Delivers the desks' mail to the organisation's mail-in by SMTP, and keeps trying while that is away."""

from __future__ import annotations

import asyncio
import smtplib
import time
from collections import deque

from testbed.replies import Outgoing
from testbed.state import State

PATIENCE_S = 10.0
RETRY_S = 0.5


class Postman:
    """``in_flight`` counts mails written but not yet taken. A permanent refusal ends a mail and is logged."""

    def __init__(self, state: State, mail_in: tuple[str, int] | None) -> None:
        self.state = state
        self.mail_in = mail_in
        self._waiting: deque[Outgoing] = deque()
        self._task: asyncio.Task[None] | None = None

    @property
    def in_flight(self) -> int:
        return len(self._waiting)

    async def send(self, mail: Outgoing) -> None:
        """Queue one mail and wait for it, up to ``PATIENCE_S``. Without a mail-in it is logged and dropped."""
        if self.mail_in is None:
            self.state.log("undeliverable", to=mail.recipient, message_id=mail.message_id)
            return
        self._waiting.append(mail)
        if self._task is None or self._task.done():
            self._task = asyncio.create_task(self._work())
        await self.settle()

    async def settle(self) -> None:
        """Wait until nothing is under way, at most ``PATIENCE_S``."""
        deadline = time.monotonic() + PATIENCE_S
        while self._waiting and time.monotonic() < deadline:
            await asyncio.sleep(0.01)

    async def _work(self) -> None:
        while self._waiting:
            outcome = await asyncio.to_thread(self._deliver, self._waiting[0])
            if outcome == "later":
                await asyncio.sleep(RETRY_S)
                continue
            mail = self._waiting.popleft()
            self.state.log(
                "delivered" if outcome == "taken" else "refused-by-mail-in",
                to=mail.recipient,
                message_id=mail.message_id,
                detail=outcome,
            )

    def _deliver(self, mail: Outgoing) -> str:
        assert self.mail_in is not None
        try:
            with smtplib.SMTP(*self.mail_in, timeout=10) as out:
                out.sendmail(mail.sender, [mail.recipient], mail.data)
        except smtplib.SMTPRecipientsRefused as error:
            code = next(iter(error.recipients.values()))[0]
            return f"{code}" if code >= 500 else "later"
        except smtplib.SMTPResponseException as error:
            return f"{error.smtp_code}" if error.smtp_code >= 500 else "later"
        except (OSError, smtplib.SMTPException):
            return "later"
        return "taken"

    async def close(self) -> None:
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
