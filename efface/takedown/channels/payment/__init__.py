"""Payment and advertising networks: who pays a site can make it act. Pages and merchants are named, never a trade."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from efface.takedown.channels import guide
from efface.takedown.channels.contract import Channel, Prepared, Task


def prepare(task: Task) -> Prepared:
    where = _("the advertising network") if task.role == "ads" else _("the payment network")
    return guide.walked(
        task,
        "worker",
        _("Complain at the site first, and note the day: %(network)s asks for it. Never at a hostile site.")
        % {"network": where},
        _("Find out who takes the money without buying anything: the name at the checkout, the mark in the footer."),
        _("Copy the message below. Name the page and the merchant, never a whole trade: others publish by choice."),
        _("Send it, then note the number they give."),
    )


CHANNEL = Channel(
    id="payment",
    name=_("complaint to a payment or advertising network"),
    medium="form",
    hands=("worker",),
    via=frozenset({"form", "email"}),
    roles=frozenset({"payment", "ads"}),
    prepare=prepare,
    starts={"sending": "done", "receipt": "confirmed", "filing": "done", "acknowledgement": "answered",
            "confirmation": "answered"},
    receipt=_("their answer with a case number"),
    states={**guide.STATES, "done": _("complained"), "cannot": _("they refuse")},
    adds=_("possibly to the site, that somebody complained"),
    exposure="uploader_possible",
    purpose="notify",
    first=30,
)  # fmt: skip
