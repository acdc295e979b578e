"""A notice as a mail (RFC 5322): the text, the XARF report beside it, and headers that machines can read.

Nothing in it says who the depicted person is. There is no Auto-Submitted header: a person approved it.
"""

from __future__ import annotations

import json
from datetime import datetime
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime, formataddr
from typing import Any

from efface.accounts.models import Organisation
from efface.engine.base import addresses, outbox
from efface.takedown.models import Notice

STEP, TYPE = "X-Efface-Step", "X-Efface-Notice-Type"


def key(notice: Notice) -> str:
    """The outbox key of a notice: one notice is one message."""
    return f"notice:{notice.pk}"


def compose(notice: Notice, organisation: Organisation, now: datetime) -> bytes:
    """The complete message, ASCII throughout."""
    mail = EmailMessage(policy=SMTP.clone(cte_type="7bit", max_line_length=76))
    mail["From"] = formataddr((f"{_line(organisation.name)}, {_line(organisation.signatory)}", desk()))
    mail["To"] = notice.contact
    mail["Reply-To"] = addresses.reply(notice.pk)
    mail["Subject"] = _line(str(notice.subject_line))
    mail["Date"] = format_datetime(now)
    mail["Message-ID"] = outbox.message_id(key(notice))
    first = earlier(notice)
    if first is not None:
        mail["In-Reply-To"] = mail["References"] = outbox.message_id(key(first))
    mail[STEP] = str(notice.step)
    mail[TYPE] = notice.notice_type
    mail.set_content(str(notice.text), charset="utf-8", cte="quoted-printable")
    report: Any = notice.xarf
    if report:
        data = json.dumps(report, ensure_ascii=True, indent=1).encode("ascii")
        mail.add_attachment(data, "application", "json", filename=f"xarf-{notice.reference}.json")
    return mail.as_bytes()


def earlier(notice: Notice) -> Notice | None:
    """The notice a reminder reminds of."""
    if notice.step == 1:
        return None
    return Notice.objects.filter(route_id=notice.route_id, step=1, contact=notice.contact, channel="email").first()


def desk() -> str:
    """The organisation's removal desk as it stands in From."""
    return f"removals@{addresses.domain()}"


def _line(value: str) -> str:
    return " ".join("".join(letter if letter.isprintable() else " " for letter in value).split())
