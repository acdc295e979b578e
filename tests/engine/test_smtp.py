"""Handing one message to the mail server: signed where there is a key, never without the TLS that was asked for."""

from __future__ import annotations

import smtplib
from collections.abc import Iterator
from pathlib import Path

import dkim
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from efface.engine.base import smtp
from tests.mailserver import Desk, serving

MAIL = (
    b"From: removals@reply.helpline.example\nTo: abuse@host.example\nReply-To: r@reply.helpline.example\nSubject: s\n"
    b"Date: Mon, 02 Mar 2026 12:00:00 +0000\nMessage-ID: <1@reply.helpline.example>\n\nbody\n.\n..two\n"
)


@pytest.fixture
def desk(monkeypatch: pytest.MonkeyPatch) -> Iterator[Desk]:
    with serving(monkeypatch) as one:
        yield one


@pytest.fixture
def secrets(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    monkeypatch.setattr(smtp.sealing, "secrets_folder", lambda: tmp_path)
    return tmp_path


def submit() -> smtp.Answer:
    return smtp.submit("b@reply.helpline.example", "abuse@host.example", MAIL)


def test_the_body_arrives_as_it_was(desk: Desk) -> None:
    assert submit().outcome == "sent"
    assert desk.got[0][2].endswith(b"\r\n\r\nbody\r\n.\r\n..two\r\n")


def test_signed_where_there_is_a_key(desk: Desk, secrets: Path) -> None:
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    (secrets / "dkim.key").write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.TraditionalOpenSSL, serialization.NoEncryption()
        )
    )
    public = key.public_key().public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    record = b"v=DKIM1; k=rsa; p=" + b"".join(public.splitlines()[1:-1])
    asked = []

    def dns(name: bytes, timeout: int = 5) -> bytes:
        asked.append(name)
        return record

    assert submit().outcome == "sent"
    data = desk.got[0][2]
    assert dkim.verify(data, dnsfunc=dns) and asked == [b"efface._domainkey.reply.helpline.example."]
    assert not dkim.verify(data.replace(b"Subject: s", b"Subject: t"), dnsfunc=dns)


def test_a_key_that_does_not_sign_sends_nothing(desk: Desk, secrets: Path) -> None:
    (secrets / "dkim.key").write_bytes(b"-----BEGIN RSA PRIVATE KEY-----\nnothing\n-----END RSA PRIVATE KEY-----\n")
    answer = submit()
    assert answer.outcome == "later" and "dkim.key" in answer.text and desk.got == []


def test_no_mail_without_the_tls_that_is_set(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EFFACE_SMTP_TLS", "true")
    assert submit().outcome == "later" and desk.got == []


def test_no_mail_where_the_sign_in_is_not_possible(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EFFACE_SMTP_USER", "efface")
    assert submit().outcome == "later" and desk.got == []


@pytest.mark.parametrize(
    "address", ["", "x", "x@", "@y", "a b@y.example", "a@y.example\r\nRCPT TO:<b@y.example>", "ü@y.example"]
)
def test_what_is_no_address_is_refused_here(desk: Desk, address: str) -> None:
    assert smtp.submit("b@reply.helpline.example", address, MAIL).outcome == "refused" and desk.got == []


@pytest.mark.parametrize("words", ["550 5.7.1 sender not allowed", "451 4.3.0 try later"])
def test_what_our_own_server_has_against_us_is_not_held_against_the_recipient(desk: Desk, words: str) -> None:
    desk.mail = words
    answer = submit()
    assert (answer.outcome, answer.code) == ("later", 0) and words in answer.text
    desk.mail, desk.rcpt = "", words
    assert submit().code == int(words[:3])


@pytest.mark.parametrize(
    "fault", [smtplib.SMTPConnectError(554, b"no"), smtplib.SMTPAuthenticationError(535, b"5.7.8 no"),
              smtplib.SMTPHeloError(550, b"no")],
)  # fmt: skip
def test_faults_before_the_envelope_carry_no_code(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, fault: smtplib.SMTPResponseException
) -> None:
    def refuse(*_: object) -> None:
        raise fault

    monkeypatch.setattr(smtplib.SMTP, "ehlo_or_helo_if_needed", refuse)
    answer = submit()
    assert (answer.outcome, answer.code) == ("later", 0) and str(fault.smtp_code) in answer.text
