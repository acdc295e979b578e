"""The mail-in process: takes mail to signed addresses by SMTP or LMTP, and refuses everything else before it is sent.
Where a mailbox is set it is read by IMAP too.

``python -m efface.takedown.mailin``. Database role ``efface_app``. A mail is acknowledged only when it is kept.
"""

from __future__ import annotations

import asyncio
import contextlib
import ctypes
import logging
import os
import signal
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from aiosmtpd.lmtp import LMTP
from aiosmtpd.smtp import SMTP, Envelope, Session

from efface.engine.base import lockwatch
from efface.takedown.mailbox import Account, Mailbox, MailboxError

log = logging.getLogger(__name__)
MOST_BYTES = 10_000_000
MOST_RECIPIENTS = 5
IDLE_S = 120
POLL_S, LONGEST_WAIT_S = 60.0, 900.0


class Desk:
    """Handler for aiosmtpd. All database work happens in ``pool``, off the loop."""

    def __init__(self, pool: ThreadPoolExecutor) -> None:
        self.pool = pool

    async def handle_RCPT(
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if len(envelope.rcpt_tos) >= MOST_RECIPIENTS:
            return "452 4.5.3 too many recipients"
        try:
            known = await asyncio.get_running_loop().run_in_executor(self.pool, known_address, address)
        except Exception:
            log.exception("a recipient could not be looked up")
            return "451 4.3.0 try again later"
        if not known:
            return "550 5.1.1 no such mailbox"
        envelope.rcpt_tos.append(address)
        envelope.rcpt_options.extend(options)
        return "250 2.1.5 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        content = envelope.content
        raw = content.encode() if isinstance(content, str) else bytes(content or b"")
        try:
            answers = [
                await asyncio.get_running_loop().run_in_executor(self.pool, take, address, raw)
                for address in envelope.rcpt_tos
            ]
        except Exception:
            log.exception("a mail could not be kept")
            return "451 4.3.0 try again later"
        if isinstance(server, LMTP):
            # One answer for each recipient (RFC 2033, 4.2).
            return "\r\n".join(answers)
        # One answer stands for all recipients: any that kept it would get it twice, which is noticed by its digest.
        return next((one for one in answers if not one.startswith("2")), "250 2.0.0 kept")


def find(address: str) -> Any:
    """The notice, or the word to a survivor (``Telling``), of a signed address; None for any other, and for a case that
    was erased."""
    from efface.cases.models import Telling
    from efface.engine.base import addresses, tenancy
    from efface.engine.base.models import CaseKey
    from efface.takedown.models import Notice

    signed = addresses.read(address)
    if signed is None:
        return None
    with tenancy.looking_up(lookup=str(signed.notice)):
        kind: Any = Telling if signed.use == "news" else Notice
        notice = kind.objects.only("id", "organisation_id", "case_id").filter(pk=signed.notice).first()
    if notice is None:
        return None
    with tenancy.organisation(notice.organisation_id):
        there = CaseKey.objects.filter(case_id=notice.case_id, destroyed_at=None).exists()
    return notice if there else None


def known_address(address: str) -> bool:
    from django.db import close_old_connections

    close_old_connections()
    return find(address) is not None


def take(address: str, raw: bytes) -> str:
    """Keep one mail for one recipient; the SMTP answer. Committed when it returns."""
    from django.db import close_old_connections

    from efface.cases.models import Telling
    from efface.engine.base import clock, tenancy
    from efface.takedown import inbox

    close_old_connections()
    notice = find(address)
    if notice is None:
        return "550 5.1.1 no such mailbox"
    if isinstance(notice, Telling):
        _came_back(notice, raw)
        return "250 2.0.0 kept"
    try:
        with tenancy.organisation(notice.organisation_id):
            inbox.receive(notice, raw, clock.now())
    except inbox.TooMany:
        return "452 4.2.2 too much mail for this address"
    return "250 2.0.0 kept"


def _came_back(telling: Any, raw: bytes) -> None:
    """A mail to a survivor that came back. Nothing of it is kept: her address stands in it. Anything but a report that
    says for certain that it was not delivered (an answer of hers, an absence, a delay) changes nothing."""
    from efface.cases import telling as told
    from efface.engine.base import clock, tenancy
    from efface.takedown import inbox, returned

    mail = inbox.decode(raw)
    if mail.error or not returned.is_report(mail) or returned.report(mail).kind != "bounce":
        return
    with tenancy.organisation(telling.organisation_id):
        told.came_back(telling.pk, clock.now())


async def listen(
    pool: ThreadPoolExecutor, host: str, port: int, name: str, lmtp: bool = False
) -> asyncio.Server:  # fmt: skip
    """Bind. Raises ``OSError`` where the port is taken."""
    loop = asyncio.get_running_loop()
    desk = Desk(pool)

    kind = LMTP if lmtp else SMTP

    def connection() -> SMTP:
        return kind(
            desk, hostname=name, ident="ready", data_size_limit=MOST_BYTES, enable_SMTPUTF8=False, timeout=IDLE_S,
            loop=loop,
        )  # fmt: skip

    return await loop.create_server(connection, host=host, port=port)


def account() -> Account | None:
    """The mailbox that is set, None where none is. Raises ``MailboxError`` where its password is not there."""
    from efface.engine.base import sealing, settings

    host = str(settings.get("imap_host"))
    if not host:
        return None
    try:
        password = (sealing.secrets_folder() / "imap-password").read_text(encoding="utf-8").strip()
    except OSError:
        raise MailboxError("the file secrets/imap-password is not there") from None
    tls = str(settings.get("imap_tls"))
    if tls not in ("tls", "starttls", "none"):
        raise MailboxError(f"imap_tls must be tls, starttls or none, not {tls!r}")
    if tls == "none" and host not in ("localhost", "127.0.0.1", "::1"):
        raise MailboxError("imap_tls = none is for a server on this machine: the password would go in the clear")
    return Account(
        host, settings.get("imap_port"), settings.get("imap_user"), password, settings.get("imap_folder"), tls
    )  # fmt: skip


async def fetch(pool: ThreadPoolExecutor, mailbox: Mailbox, stop: asyncio.Event) -> None:
    """Look into the mailbox every minute; where it cannot be read, less and less often up to a quarter of an hour."""
    from efface.engine.base import clock

    wait = POLL_S
    while not stop.is_set():
        try:
            found = await asyncio.get_running_loop().run_in_executor(pool, mailbox.poll, clock.wall())
            wait = POLL_S
            if found.kept or found.later:
                log.info("mailbox: %d kept, %d later", found.kept, found.later)
        except MailboxError as error:
            wait = min(wait * 2, LONGEST_WAIT_S)
            log.warning("mailbox: %s; next look in %d s", error, wait)
        except Exception:
            wait = min(wait * 2, LONGEST_WAIT_S)
            log.exception("the mailbox could not be read")
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(stop.wait(), wait)


async def _serve() -> None:
    from efface.engine.base import addresses, settings

    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    with ThreadPoolExecutor(max_workers=2, thread_name_prefix="mail") as pool:
        server = await listen(
            pool, settings.get("mail_in_host"), settings.get("mail_in_port"), addresses.domain(),
            settings.get("mail_in_lmtp"),
        )  # fmt: skip
        there = None
        with contextlib.suppress(MailboxError):  # doctor says what is missing
            there = account()
        reading = asyncio.create_task(fetch(pool, Mailbox(there, known_address, take), stop)) if there else None
        log.info("mail-in listens on port %d", server.sockets[0].getsockname()[1])
        sys.stdout.write("ready\n")
        sys.stdout.flush()
        await stop.wait()
        server.close()
        if reading is not None:
            await reading


def main() -> None:
    ctypes.CDLL(None, use_errno=True).prctl(4, 0, 0, 0, 0)  # PR_SET_DUMPABLE: no core dump with mail in it
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "efface.engine.base.django")
    lockwatch.stand_by(threading.Event())
    import django

    django.setup()
    lockwatch.watch()
    logging.getLogger("mail.log").setLevel(logging.ERROR)  # aiosmtpd's own: it writes addresses
    asyncio.run(_serve())


if __name__ == "__main__":
    main()
