"""Reporting an account: of whoever published it, threatens to, or pretends to be her. To the platform, never to the
person."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from efface.takedown.channels import guide
from efface.takedown.channels.contract import Channel, Prepared, Task

NEVER_ANSWER = _("Do not answer the account, do not warn it, and do not block it before the report is in.")


def prepare(task: Task) -> Prepared:
    hand = guide.choose(task, "her", "worker") if task.via == "in_app" else guide.choose(task, "worker", "her")
    if hand == "her":
        who = _("She reports it from her own account, if she wants: often the quicker way. They see which account.")
    else:
        who = _("Report it from the organisation's account, never from a private one.")
    return guide.walked(
        task,
        hand,
        NEVER_ANSWER,
        _("Note the account's name, number and address first: what is deleted cannot be found again."),
        who,
        _("Report the account itself and each message or picture, as intimate images without consent."),
        _("Send it, then note the number it gives."),
        notes=(_("What the police may need is kept before the account goes: if she wants them, ask them first."),),
    )


CHANNEL = Channel(
    id="account",
    name=_("report of an account at its platform"),
    medium="form",
    hands=("worker", "her"),
    via=frozenset({"in_app", "form"}),
    roles=frozenset({"site_operator", "platform", "app_store"}),
    notice_types=frozenset({"tos_report", "in_rule_3_2_b"}),
    prepare=prepare,
    starts={"sending": "done", "receipt": "confirmed", "filing": "done", "acknowledgement": "answered",
            "confirmation": "answered"},
    receipt=_("the message by which the platform confirms the report"),
    states={**guide.STATES, "done": _("reported"), "cannot": _("the platform refuses")},
    adds=_("the account the report comes from"),
    purpose="notify",
    minors=True,
    first=25,
)  # fmt: skip
