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


def _report(body: str, **headers: str) -> bytes:
    fields = {
        "Return-Path": "<>",
        "From": "MAILER-DAEMON@mx.example",
        "To": "notices+abc@efface.example",
        "Subject": "Undelivered Mail Returned to Sender",
        "Content-Type": "text/plain; charset=utf-8",
    } | {name.replace("_", "-"): value for name, value in headers.items()}
    return "\r\n".join([*(f"{name}: {value}" for name, value in fields.items()), "", body]).encode()


@pytest.mark.parametrize(
    ("body", "failed"),
    [
        ("There was an error delivering your mail to <desk@host.example>.\n\nGiving up.\n\nMessage headers follow.\n\n"
         "To: <desk@host.example>\nFrom: <notices+abc@efface.example>", "desk@host.example"),
        ("desk@host.example Error, ERROR_CODE :421, Host not reachable.\n\nMessage-ID:<14a3.9@efface.example>\n"
         "To:<desk@host.example>", "desk@host.example"),
        ("User not listed\ndesk@host.example\n\n---- Returned Message ----\nTo: notices+abc@efface.example",
         "desk@host.example"),
        ("Final-Recipient: rfc822; desk@host.example\nX-Actual-Recipient: rfc822; box7@store.example\nAction: failed\n"
         "Status: 5.1.1\n", "desk@host.example"),
        ("Original-Recipient: rfc822;alias@host.example\nFinal-Recipient: rfc822;desk@host.example\nAction: failed\n",
         "desk@host.example"),
    ],
)  # fmt: skip
def test_the_failed_address_is_never_the_one_the_report_came_to(body: str, failed: str) -> None:
    mail = read_mail(_report(body))
    assert mail.is_bounce
    assert mail.bounce[0] == failed
    assert "notices+abc@efface.example" not in mail.bounce


def test_a_recipient_that_got_it_did_not_fail() -> None:
    body = (
        "Final-Recipient: rfc822; fine@host.example\nAction: delivered\n\n"
        "Final-Recipient: rfc822; late@host.example\nAction: delayed\nStatus: 4.4.1\n\n"
        "Final-Recipient: rfc822; dead@host.example\nAction: failed\nStatus: 5.1.1\n"
    )
    mail = read_mail(_report(body, Content_Type="multipart/report; report-type=delivery-status; boundary=lost"))
    assert mail.bounce_permanent == ["dead@host.example"]
    assert set(mail.bounce) == {"dead@host.example", "late@host.example"}


def test_a_report_whose_boundary_is_lost_is_read_as_it_is() -> None:
    raw = _report("--x\n\n<desk@host.example>: host mx said: 550 5.1.1 no such user\n", Content_Type="multipart/mixed")
    assert read_mail(raw).bounce_permanent == ["desk@host.example"]


def test_somebody_who_writes_about_a_bounce_sends_none() -> None:
    raw = _report(
        "Our mail to <you@example.org> came back: 550 5.1.1 user unknown. Which address is right?",
        From="Subject A <a@host.example>", Return_Path="<a@host.example>", Subject="Re: your notice",
        In_Reply_To="<n1@efface.example>",
    )  # fmt: skip
    mail = read_mail(raw)
    assert not mail.is_bounce
    assert mail.bounce == []


def test_a_complaint_about_our_mail_is_no_bounce() -> None:
    raw = _report(
        "--b\r\nContent-Type: text/plain\r\n\r\nThis is an abuse report.\r\n--b\r\n"
        "Content-Type: message/feedback-report\r\n\r\nFeedback-Type: abuse\r\nVersion: 1\r\n--b--\r\n",
        From="feedback@host.example", Subject="Fw: notice",
        Content_Type="multipart/report; report-type=feedback-report; boundary=b",
    )  # fmt: skip
    mail = read_mail(raw)
    assert mail.is_feedback
    assert not mail.is_bounce
    assert "Feedback-Type: abuse" in mail.text


def test_a_sending_service_reports_in_json() -> None:
    told = (
        '{"notificationType":"Bounce","bounce":{"bounceType":"Permanent",'
        '"bouncedRecipients":[{"emailAddress":"d@h.example"}]}}'
    )
    mail = read_mail(_report(told, From="no-reply@service.example", Subject="Notification"))
    assert mail.bounce_permanent == ["d@h.example"]
    delivered = '{"notificationType":"Delivery","mail":{"destination":["d@h.example"]}}'
    assert not read_mail(_report(delivered, From="no-reply@service.example", Subject="Notification")).is_bounce


@given(st.text(max_size=2000))
def test_whatever_a_report_says_is_read(body: str) -> None:
    mail = read_mail(_report(body.encode("utf-8", "replace").decode()))
    assert not mail.error
    assert set(mail.bounce_permanent) <= set(mail.bounce)
