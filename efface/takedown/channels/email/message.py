"""One mail, ASCII throughout, so that no server on the way has to change it and break its signature. Pure."""

from __future__ import annotations

import json
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime, formataddr
from typing import Any

from efface.engine.base.text import one_line
from efface.takedown.channels.contract import CannotPrepare, Task
from efface.takedown.channels.email import guard

STEP, TYPE = "X-Efface-Step", "X-Efface-Notice-Type"


def build(task: Task) -> bytes:
    """``task.more`` may hold: "from" (address), "message_id", "in_reply_to", "step", "xarf" (of each report its
    reference and itself).

    Raises ``guard.ImageryRefused``."""
    given = task.more
    mail = EmailMessage(policy=SMTP.clone(cte_type="7bit", max_line_length=76))
    who = f"{one_line(task.organisation)}, {one_line(task.signatory)}"
    mail["From"] = formataddr((who, given.get("from", task.reply_to)))
    mail["To"] = task.contact
    mail["Reply-To"] = task.reply_to
    mail["Subject"] = one_line(task.subject)
    if task.written is None:
        raise CannotPrepare("a mail needs a date")
    mail["Date"] = format_datetime(task.written)
    if given.get("message_id"):
        mail["Message-ID"] = given["message_id"]
    if given.get("in_reply_to"):
        mail["In-Reply-To"] = mail["References"] = given["in_reply_to"]
    mail[STEP] = str(given.get("step", 1))
    mail[TYPE] = task.notice_type
    mail.set_content(task.text, charset="utf-8", cte="quoted-printable")
    reports: Any = given.get("xarf") or ()
    for reference, report in reports:
        data = json.dumps(report, ensure_ascii=True, indent=1).encode("ascii")
        mail.add_attachment(data, "application", "json", filename=f"xarf-{reference}.json")
    made = mail.as_bytes()
    guard.check(made)
    return made
