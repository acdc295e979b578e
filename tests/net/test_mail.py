"""Hostile mail becomes plain facts or a reason; bounces name whom they are about."""

from __future__ import annotations

import tarfile
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from efface.net.decoder import Decoder, work
from efface.net.decoder.mail import MAX_HEADER, MAX_TEXT, read_mail

PLAIN = (
    b"From: =?utf-8?q?Abuse_D=C3=A4sk?= <Abuse@Host.example>\r\nTo: notices+abc@efface.example, Other <o@x.example>\r\n"
    b"Subject: Re: =?utf-8?b?TsO2dGljZQ==?=\r\nMessage-ID: <1@host.example>\r\nIn-Reply-To: <n1@efface.example>\r\n"
    b"Content-Type: text/plain; charset=utf-8\r\n\r\nWe removed the content.\r\n"
)


def test_a_plain_reply() -> None:
    mail = read_mail(PLAIN)
    assert mail.sender == "abuse@host.example"
    assert mail.recipients == ["notices+abc@efface.example", "o@x.example"]
    assert mail.subject == "Re: Nötice"
    assert mail.message_id == "<1@host.example>"
    assert mail.headers["in-reply-to"] == "<n1@efface.example>"
    assert mail.text == "We removed the content.\n"
    assert not mail.is_bounce
    assert not mail.auto_submitted
    assert not mail.error


def test_a_delivery_report() -> None:
    mail = read_mail(work._MAIL)
    assert mail.is_bounce
    assert mail.bounce == mail.bounce_permanent == ["nobody@example.org"]
    assert mail.auto_submitted
    assert [part.mime for part in mail.parts] == ["message/delivery-status", "application/octet-stream"]


def test_a_delay_is_no_permanent_failure() -> None:
    mail = read_mail(work._MAIL.replace(b"Action: failed", b"Action: delayed").replace(b"5.1.1", b"4.2.2"))
    assert mail.bounce == ["nobody@example.org"]
    assert mail.bounce_permanent == []


def test_the_sealed_decoder_reads_the_same() -> None:
    with Decoder() as decoder:
        assert decoder.decode_mail(PLAIN) == read_mail(PLAIN)
        assert decoder.decode_mail(work._MAIL) == read_mail(work._MAIL)
        assert decoder.decode_mail(b"").error == "empty"


def test_html_becomes_text() -> None:
    mail = read_mail(
        b"From: a@b.example\r\nContent-Type: text/html\r\n\r\n<style>x</style><script>alert(1)</script>"
        b"<p>Dear <b>team</b>,<br>it&nbsp;is &lt;gone&gt;.<!-- hidden --></p><img src=http://track.example/x>"
    )
    assert mail.text == "Dear team,\nit is <gone>."


def test_attachments_are_named_and_never_kept() -> None:
    mail = read_mail(
        b"From: a@b.example\r\nMIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n"
        b"--b\r\n\r\nhello\r\n--b\r\n"
        b'Content-Type: image/png; name="../../etc/x.png"\r\nContent-Transfer-Encoding: base64\r\n\r\n'
        b"QUJDREVGRw==\r\n--b--\r\n"
    )
    (part,) = mail.parts
    assert (part.name, part.mime, part.size) == (".._.._etc_x.png", "image/png", 7)
    assert "QUJD" not in mail.text
    assert "ABCDEFG" not in repr(mail)


@pytest.mark.parametrize(
    ("data", "word"),
    [(b"", "empty"), (b"  \r\n", "empty"), (b"\x00\xff\xfe" * 50, "no headers"), (b"\r\n\r\nbody", "no headers")],
)
def test_what_is_no_mail_says_so(data: bytes, word: str) -> None:
    assert read_mail(data).error == word


def test_limits() -> None:
    huge = b"From: a@b.example\r\nSubject: " + b"s" * 9000 + b"\r\n" + b"X: y\r\n" * 10_000 + b"\r\n" + b"t " * 500_000
    mail = read_mail(huge)
    assert len(mail.subject) == MAX_HEADER
    assert len(mail.text) == MAX_TEXT
    assert len(mail.headers) <= 200
    assert read_mail(b"From: a@b.example\r\n\r\n" + b"x" * 26_000_000).error == "too-large"


def test_nesting_without_end() -> None:
    body = b"x"
    for i in range(300):
        body = b"Content-Type: multipart/mixed; boundary=b%d\r\n\r\n--b%d\r\n%b\r\n--b%d--\r\n" % (i, i, body, i)
    mail = read_mail(b"From: a@b.example\r\nMIME-Version: 1.0\r\n" + body)
    assert mail.sender == "a@b.example" or mail.error


@pytest.mark.parametrize(
    "headers",
    [
        b"Content-Type: text/plain; charset=nonsense-7", b"Content-Type: ;;;",
        b"Content-Type: text/plain; charset*=x'y'%zz", b"Content-Transfer-Encoding: base64",
        b"Content-Type: multipart/mixed", b"Subject: =?utf-8?b?!!!!?= =?x?q?=ff?=",
        b"Content-Type: text/plain; charset=zlib", b"To: \"" + b"\\" * 5000, b"Message-ID: <" + b"<" * 500,
        b"Content-Type: message/rfc822", b"Date: \xff\xff", b"Subject: a\r\n\tb\x00c\xe2\x80\xae",
    ],
)  # fmt: skip
def test_broken_headers_cost_nothing(headers: bytes) -> None:
    mail = read_mail(b"From: a@b.example\r\n" + headers + b"\r\n\r\nhello")
    assert mail.sender == "a@b.example"
    assert not mail.error
    assert "\n" not in mail.subject
    assert "\u202e" not in mail.subject


@given(st.binary(max_size=600))
def test_any_bytes_are_a_mail_or_a_reason(data: bytes) -> None:
    mail = read_mail(b"From: a@b.example\r\n" + data)
    assert mail.error or mail.headers


def test_real_bounces_name_an_address() -> None:
    archive = Path(__file__).parents[3] / "shared/data/bounces_dev.tar"
    if not archive.exists():
        pytest.skip("the sample mails are not here")
    read = named = 0
    with tarfile.open(archive) as tar:
        for member in tar.getmembers():
            stream = tar.extractfile(member) if member.isfile() else None
            if stream is None or not member.name.endswith(".eml"):
                continue
            mail = read_mail(stream.read())
            read += 1
            named += bool(mail.bounce)
            assert not mail.error, member.name
    assert read > 50
    assert named / read > 0.6
