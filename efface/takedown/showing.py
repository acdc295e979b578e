"""A notice as its desk receives it: subject, text, machine-readable copies, prepared answers. Reads only."""

from __future__ import annotations

import re
from dataclasses import asdict, dataclass
from typing import Any

from efface.engine.base import addresses
from efface.takedown import composing
from efface.takedown.models import Notice
from efface.takedown.notice import Draft


@dataclass(frozen=True, slots=True)
class Shown:
    """``reports`` are the XARF documents that go with it; ``answers`` (field, label, value) what is copied into a form.
    ``note`` says in which language it is and why. ``to`` and ``reply_to`` are "" for a sample."""

    notice_type: str
    template: str
    language: str
    subject: str
    text: str
    reports: tuple[Any, ...]
    answers: tuple[tuple[str, str, str], ...]
    note: str = ""
    state: str = ""
    sender: str = ""
    to: str = ""
    reply_to: str = ""

    def plain(self) -> str:
        """The mail as text: what stands at its head, an empty line, the text."""
        head = {"From": self.sender, "To": self.to, "Reply-To": self.reply_to, "Subject": self.subject}
        return "\n".join(f"{name}: {value}" for name, value in head.items() if value) + f"\n\n{self.text}"

    def as_json(self) -> dict[str, Any]:
        given = asdict(self)
        given["answers"] = [{"field": one[0], "label": one[1], "value": one[2]} for one in self.answers]
        given["xarf"] = list(given.pop("reports"))
        return given


def of_notice(notice: Notice) -> Shown:
    """A notice of a case as it stands: before it goes what would go, afterwards what went."""
    report: Any = notice.xarf
    mailed = notice.channel == "email"
    return Shown(
        notice.notice_type, notice.template, notice.language, str(notice.subject_line or ""), str(notice.text or ""),
        (report,) if report else (),
        tuple((one["field"], one["label"], one["value"]) for one in _answers(notice)), state=notice.state,
        sender=composing.desk() if mailed else "", to=notice.contact,
        reply_to=addresses.reply(notice.pk) if mailed else "",
    )  # fmt: skip


def _answers(notice: Notice) -> list[dict[str, str]]:
    given: Any = notice.answers
    return given if notice.channel != "email" and isinstance(given, list) else []


def of_draft(made: Draft) -> Shown:
    return Shown(
        made.notice_type, made.version, made.language, made.subject, made.text, (made.xarf,) if made.xarf else (),
        tuple((one.field, one.label, one.value) for one in made.answers) if made.form else (), made.note,
    )  # fmt: skip


_ADDRESS = re.compile(r"\bhttp(s?)://([^\s/?#]+)", re.IGNORECASE)


def defanged(text: str) -> str:
    """The text with no address in it that anything could open."""
    return _ADDRESS.sub(lambda found: f"hxxp{found[1]}://{found[2].replace('.', '[.]')}", text)
