"""One message handed to the configured mail server, and exactly how far that came.

Nothing but the endpoint of the settings is dialled. What matters is the difference between "nothing left" (try again),
"refused" (do not), and "the body was on its way when the line went dead" (nobody knows: a person decides). RFC 5321.
"""

from __future__ import annotations

import re
import smtplib
import ssl
from dataclasses import dataclass
from typing import Literal

from efface.engine.base import sealing, settings, training
from efface.engine.base.text import one_line

CONNECT_S = 30.0
FINAL_S = 120.0
"""Seconds to wait for the answer to the final dot."""
ADDRESS = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~.-]{1,64}@[A-Za-z0-9-]{1,63}(\.[A-Za-z0-9-]{1,63})*")
SIGNED_HEADERS = [b"from", b"to", b"subject", b"date", b"message-id", b"reply-to", b"mime-version", b"content-type"]


@dataclass(frozen=True, slots=True)
class Answer:
    """``outcome``: "sent" the server took it; "later" nothing was taken, it may be tried again; "refused" for good;
    "unclear" the line broke after the body had begun; "off" no mail server is set. ``code`` 0: no answer that says
    anything of the recipient."""

    outcome: Literal["sent", "later", "refused", "unclear", "off"]
    code: int = 0
    text: str = ""


class KeyUnusable(ValueError):
    """``secrets/dkim.key`` does not sign; the message goes on waiting until it is mended."""


def sign(data: bytes) -> bytes:
    """The message with a DKIM signature in front, where ``secrets/dkim.key`` exists (RFC 6376); else as it is.

    Raises ``KeyUnusable``."""
    domain = settings.get("mail_domain")
    try:
        key = (sealing.secrets_folder() / "dkim.key").read_bytes()
    except OSError:
        return data
    import dkim  # here, because it is slow to load and few processes send

    selector = settings.get("dkim_selector").encode()
    kind = b"rsa-sha256" if b"PRIVATE KEY" in key else b"ed25519-sha256"
    try:
        line: bytes = dkim.sign(
            data,
            selector,
            domain.encode(),
            key.strip(),
            include_headers=SIGNED_HEADERS,
            canonicalize=(b"relaxed", b"relaxed"),
            signature_algorithm=kind,
        )
    except (dkim.DKIMException, ValueError, KeyError, ImportError) as error:
        raise KeyUnusable(f"secrets/dkim.key cannot be used: {type(error).__name__}") from None
    return line + data


def submit(sender: str, recipient: str, data: bytes) -> Answer:
    """Send one message to one recipient. ``sender`` is the envelope sender. Never raises for what a server does."""
    if training.here():
        return Answer("off", text=training.STAYS)
    host = settings.get("smtp_host")
    if not host:
        return Answer("off", text="no mail server is set")
    if not ADDRESS.fullmatch(recipient) or (sender and not ADDRESS.fullmatch(sender)):
        return Answer("refused", 553, "5.1.3 this address cannot be written to")
    try:
        data = sign(_crlf(data))
    except KeyUnusable as error:
        return Answer("later", text=str(error))
    own = settings.get("mail_domain") or "localhost"
    try:
        server = smtplib.SMTP(host, settings.get("smtp_port"), local_hostname=own, timeout=CONNECT_S)
    except (OSError, smtplib.SMTPException) as error:
        return _nothing_left(error)
    try:
        return _dialogue(server, sender, recipient, data)
    finally:
        server.close()


def _dialogue(server: smtplib.SMTP, sender: str, recipient: str, data: bytes) -> Answer:
    try:
        server.ehlo_or_helo_if_needed()
        if settings.get("smtp_tls"):
            server.starttls(context=ssl.create_default_context())
            server.ehlo()
        if settings.get("smtp_user"):
            server.login(settings.get("smtp_user"), _password())
        code, text = server.mail(sender)
        if code >= 400 or code < 200:
            return Answer("later", text=_words(f"the mail server does not take our sender: {code} {_words(text)}"))
        for verb in (lambda: server.rcpt(recipient), lambda: server.docmd("DATA")):
            code, text = verb()
            if code >= 400 or code < 200:
                return _refusal(code, text)
    except (OSError, smtplib.SMTPException) as error:
        return _nothing_left(error)
    # From here on the server may have the message whatever happens to the line.
    try:
        server.send(re.sub(rb"(?m)^\.", b"..", data) + (b"" if data.endswith(b"\r\n") else b"\r\n") + b".\r\n")
        if server.sock is not None:
            server.sock.settimeout(FINAL_S)
        code, text = server.getreply()
    except (OSError, smtplib.SMTPException) as error:
        return Answer("unclear", text=f"the line broke after the message had begun: {type(error).__name__}")
    if code >= 400 or code < 200:
        return _refusal(code, text)
    try:
        server.docmd("QUIT")
    except (OSError, smtplib.SMTPException):
        pass
    return Answer("sent", code, _words(text))


def _refusal(code: int, text: bytes) -> Answer:
    return Answer("refused" if 500 <= code < 600 else "later", code, _words(text))


def _nothing_left(error: Exception) -> Answer:
    """Before the body begins no error can have sent anything. What our own server says before RCPT is ours to mend: it
    carries no code, so that it is never held against the recipient."""
    if isinstance(error, smtplib.SMTPResponseException):
        words = _words(error.smtp_error)
        return Answer("later", text=_words(f"the mail server does not work with us: {error.smtp_code} {words}"))
    return Answer("later", text=f"the mail server could not be used: {type(error).__name__}")


def _words(text: bytes | str) -> str:
    plain = text.decode("utf-8", "replace") if isinstance(text, bytes) else text
    return one_line(plain)[:250]


def _password() -> str:
    try:
        return (sealing.secrets_folder() / "smtp-password").read_text(encoding="utf-8").strip()
    except OSError:
        return ""


def _crlf(data: bytes) -> bytes:
    return re.sub(rb"\r\n|\r|\n", b"\r\n", data)
