"""What desks write back: answers to a notice and delivery reports (RFC 3464), as bytes ready for SMTP."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime
from email import policy
from email.message import EmailMessage, Message
from email.mime.message import MIMEMessage
from email.mime.multipart import MIMEMultipart
from email.mime.text import MIMEText
from email.utils import format_datetime, formataddr
from typing import Any


@dataclass(frozen=True, slots=True)
class Outgoing:
    """``sender`` is the envelope sender, "" for delivery reports."""

    sender: str
    recipient: str
    message_id: str
    data: bytes


def _message_id(data: dict[str, Any], now: datetime, domain: str) -> str:
    seed = f"{data['message_id']}|{data['desk']}|{data['tone']}|{now.isoformat()}|{data['to']}"
    return f"<{hashlib.sha256(seed.encode()).hexdigest()[:24]}@{domain}>"


def compose(kind: str, data: dict[str, Any], now: datetime) -> Outgoing:
    """``kind`` is "reply" or "dsn"; ``data`` names desk, company, tone, text, to, message_id and subject."""
    domain = str(data["desk"]).rpartition("@")[2]
    message_id = _message_id(data, now, domain)
    if kind == "dsn":
        return Outgoing("", data["to"], message_id, _report(data, now, domain, message_id))
    mail = EmailMessage()
    mail["From"] = formataddr((f"{data['company']} desk", data["desk"]))
    mail["To"] = data["to"]
    mail["Subject"] = ("Automatic reply: " if data["tone"] == "ack" else "Re: ") + _one_line(str(data["subject"]))
    mail["Date"] = format_datetime(now)
    mail["Message-ID"] = message_id
    if data["message_id"]:
        mail["In-Reply-To"] = data["message_id"]
        mail["References"] = data["message_id"]
    if data["tone"] == "ack":
        mail["Auto-Submitted"] = "auto-replied"
        mail["Precedence"] = "auto_reply"
    mail.set_content(f"Hello,\n\n{data['text']}\n\nRegards,\n{data['company']}\n")
    return Outgoing(data["desk"], data["to"], message_id, mail.as_bytes(policy=policy.SMTP))


def _one_line(text: str) -> str:
    return " ".join(text.split())[:200]


def _report(data: dict[str, Any], now: datetime, domain: str, message_id: str) -> bytes:
    report = MIMEMultipart("report")
    report.set_param("report-type", "delivery-status")
    report["From"] = f"Mail Delivery Subsystem <MAILER-DAEMON@{domain}>"
    report["To"] = data["to"]
    report["Subject"] = "Undelivered Mail Returned to Sender"
    report["Date"] = format_datetime(now)
    report["Message-ID"] = message_id
    report["Auto-Submitted"] = "auto-replied"
    report.attach(MIMEText(f"I could not deliver your message to {data['desk']}: user unknown.\n"))
    status = Message()
    status["Content-Type"] = "message/delivery-status"
    envelope, recipient = Message(), Message()
    envelope["Reporting-MTA"] = f"dns; mx.{domain}"
    envelope["Arrival-Date"] = format_datetime(now)
    recipient["Final-Recipient"] = f"rfc822; {data['desk']}"
    recipient["Action"] = "failed"
    recipient["Status"] = data["text"]
    recipient["Diagnostic-Code"] = f"smtp; 550 {data['text']} user unknown"
    status.set_payload([envelope, recipient])
    report.attach(status)
    original = EmailMessage()
    original["Message-ID"] = data["message_id"] or message_id
    original["Subject"] = _one_line(str(data["subject"]))
    original["To"] = data["desk"]
    original.set_content("")
    report.attach(MIMEMessage(original))
    return report.as_bytes(policy=policy.compat32.clone(linesep="\r\n"))
