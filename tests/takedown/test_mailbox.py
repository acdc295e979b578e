"""Replies fetched by IMAP from a real server on loopback: ours are kept and marked, nobody else's mail is touched."""

from __future__ import annotations

import imaplib
import socket
import subprocess
import sys
import time
import uuid
from collections.abc import Iterator
from datetime import UTC, datetime

import pytest

from efface.engine.base import addresses
from efface.takedown import mailin
from efface.takedown.mailbox import Account, Mailbox, MailboxError, named

OURS = "r-" + "a" * 26 + "." + "b" * 16 + "@reply.helpline.example"
NOW = datetime.now(UTC)


@pytest.fixture(scope="module")
def account() -> Iterator[Account]:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = int(free.getsockname()[1])
    command = [sys.executable, "-c", "import sys; from pymap.main import main; sys.exit(main())",
               "--host", "127.0.0.1", "--port", str(port), "--no-tls", "dict"]  # fmt: skip
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    made = Account("127.0.0.1", port, "demouser", "demopass", tls="none")
    until = time.monotonic() + 60
    while True:
        try:
            Mailbox(made, lambda _: False, lambda _, __: "").open()
            break
        except MailboxError:
            assert process.poll() is None and time.monotonic() < until
            time.sleep(0.1)
    yield made
    process.kill()
    process.wait()


def put(account: Account, *mails: bytes) -> None:
    line = imaplib.IMAP4(account.host, account.port, timeout=20)
    line.login(account.user, account.password)
    line.select("INBOX")
    _, found = line.search(None, "ALL")
    for number in found[0].split():
        line.store(number.decode(), "+FLAGS", "\\Deleted")
    line.expunge()
    for mail in mails:
        line.append("INBOX", "", None, mail)  # type: ignore[arg-type]
    line.logout()


def seen(account: Account) -> list[bool]:
    line = imaplib.IMAP4(account.host, account.port, timeout=20)
    line.login(account.user, account.password)
    line.select("INBOX", readonly=True)
    _, found = line.fetch("1:*", "(FLAGS)")
    line.logout()
    return [b"\\Seen" in bytes(one) for one in found if isinstance(one, bytes)]


def mail(to: str, name: str = "To", body: bytes = b"We have removed the content.") -> bytes:
    return f"From: desk@host.example\r\n{name}: {to}\r\nSubject: Re\r\n\r\n".encode() + body + b"\r\n"


class Taker:
    def __init__(self, answer: str = "250 2.0.0 kept") -> None:
        self.answer, self.got = answer, list[tuple[str, bytes]]()

    def __call__(self, address: str, raw: bytes) -> str:
        self.got.append((address, raw))
        return self.answer


def test_ours_are_kept_whole_and_marked_and_others_stay_unread(account: Account) -> None:
    private, ours = mail("somebody@helpline.example"), mail("desk@reply.helpline.example", "X-Original-To: x\r\nTo")
    bcc = mail(OURS.upper(), "Delivered-To")
    put(account, private, ours.replace(b"desk@reply.helpline.example", OURS.encode()), bcc)
    taker = Taker()
    mailbox = Mailbox(account, lambda address: address == OURS, taker)
    found = mailbox.poll(NOW)
    assert (found.kept, found.others, found.later) == (2, 1, 0)
    assert [one for one, _ in taker.got] == [OURS, OURS] and taker.got[1][1] == bcc
    assert seen(account) == [False, True, True]
    assert (mailbox.poll(NOW).kept, len(taker.got)) == (0, 2)
    assert Mailbox(account, lambda address: address == OURS, taker).poll(NOW).kept == 0, "nor after a new start"


def test_what_cannot_be_kept_now_is_tried_again(account: Account) -> None:
    put(account, mail(OURS))
    taker = Taker("451 4.3.0 try again later")
    mailbox = Mailbox(account, lambda _: True, taker)
    assert mailbox.poll(NOW).later == 1 and seen(account) == [False]
    taker.answer = "250 2.0.0 kept"
    assert mailbox.poll(NOW).kept == 1 and seen(account) == [True]


def test_of_a_mail_beyond_bounds_the_header_is_kept_and_a_person_is_told(account: Account) -> None:
    put(account, mail(OURS, body=b"x" * 11_000_000))
    taker = Taker()
    assert Mailbox(account, lambda _: True, taker).poll(NOW).large == 1
    ((_, raw),) = taker.got
    assert len(raw) < 1_000 and b"still in the mailbox" in raw and b"xxx" not in raw


def test_a_wrong_password_or_folder_or_no_server_is_said(account: Account) -> None:
    for change, words in (({"password": "no"}, "error"), ({"folder": "Nowhere"}, "folder"), ({"port": 1}, "refused")):
        one = Account(**{field: getattr(account, field) for field in account.__slots__} | change)
        with pytest.raises(MailboxError, match=words):
            Mailbox(one, lambda _: False, lambda _, __: "").poll(NOW)


def test_addresses_are_found_wherever_they_stand_and_folded() -> None:
    head = f"Received: by b for <{OURS}>;\r\nTo: x@y.example,\r\n {OURS.upper()}\r\nCc: r-short.x@z.example"
    assert named(head.encode()) == [OURS]
    letters = "abcdefghijklmnopqrstuvwxyz"
    many = "\r\n".join(f"To: r-{one}{'a' * 25}.{'b' * 16}@h.example" for one in letters)
    assert len(named(many.encode())) == 20


def test_settings_that_cannot_work_are_said(monkeypatch: pytest.MonkeyPatch) -> None:
    assert mailin.account() is None
    monkeypatch.setenv("EFFACE_IMAP_HOST", "mail.helpline.example")
    with pytest.raises(MailboxError, match="imap-password"):
        mailin.account()


@pytest.mark.django_db
def test_a_real_signed_address_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EFFACE_MAIL_DOMAIN", "reply.helpline.example")
    signed = addresses.reply(uuid.uuid4())
    assert named(mail(f"Helpline <{signed}>", "Cc")) == [signed]
