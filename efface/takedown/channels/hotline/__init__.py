"""Hotlines and helplines. Of a minor a hotline is told addresses and nothing else: no picture, no name, no copy."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from efface.takedown.channels import guide
from efface.takedown.channels.contract import Channel, Copy, Prepared, Task


def prepare(task: Task) -> Prepared:
    if task.notice_type == "hotline_report_adult":
        return guide.walked(
            task,
            guide.choose(task, "worker", "her"),
            _("Tell them what happened and what she wants, no more. They write to platforms themselves."),
            _("Agree on who writes to whom, so that nobody is asked twice."),
            _("Note the number they give."),
        )
    opens, shown = guide.way_in(task)
    addresses = (Copy("urls", _("Addresses"), "\n".join(task.urls)),) if task.urls else ()
    return Prepared(
        hand=guide.choose(task, "worker", "her"),
        steps=(
            guide.arrive(task),
            _("Give the addresses and when they were seen. Nothing else: no name, no picture, no screenshot."),
            _("Do not open the addresses, copy anything or send anything on: it is an offence almost everywhere."),
            _("Ask whether removal may be asked for elsewhere too, and for that in writing: it opens other ways."),
            _("Note the number they give."),
        ),
        copies=addresses, opens=opens, shown=shown, keeps=("reference", "answer"), notes=guide.warnings(task),
        exposure=task.exposure,
    )  # fmt: skip


CHANNEL = Channel(
    id="hotline",
    name=_("report to a hotline or helpline"),
    medium="form",
    hands=("worker", "her"),
    via=frozenset({"form", "phone"}),
    roles=frozenset({"hotline", "helpline"}),
    prepare=prepare,
    starts={"sending": "done", "receipt": "confirmed", "filing": "done", "acknowledgement": "answered",
            "confirmation": "answered"},
    receipt=_("the number of the report"),
    states={**guide.STATES, "done": _("reported"), "cannot": _("they do not take it")},
    adds=_("the addresses, and that this organisation reports"),
    purpose="notify",
    minors=True,
    first=15,
)  # fmt: skip
