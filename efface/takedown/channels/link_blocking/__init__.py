"""Stopping a link from spreading: platforms that refuse to pass an address on, and access providers, regulators or
courts that may block it where a law of the place gives them that."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from efface.takedown.channels import guide
from efface.takedown.channels.contract import Channel, Prepared, Task, Words


def prepare(task: Task) -> Prepared:
    steps: tuple[Words, ...]
    if task.role == "isp":
        steps = (
            _("Ask the provider's abuse desk to stop the address. Most act only on an order: quote it."),
            _("Copy the message below. Give whole addresses, not the whole site: blocking too much is refused."),
        )
    elif task.role in ("regulator", "court"):
        steps = (
            _("Ask which law of the place lets them order access providers, and what they need for it."),
            _("Say who was asked before, and that the site does not act: blocking is the last way, not the first."),
        )
    else:
        steps = (
            _("Report the address as a link to intimate images without consent, where reports of links are taken."),
            _("Report one message that carries the link, and ask that the address itself be refused from now on."),
        )
    return guide.walked(
        task,
        guide.choose(task, "worker", "her"),
        *steps,
        _("Send it, then note the number they give."),
        notes=(_("A blocked link still stands on its site: this is never counted as removed."),),
    )


CHANNEL = Channel(
    id="link_blocking",
    name=_("blocking of a link"),
    medium="form",
    hands=("worker", "her"),
    via=frozenset({"form", "email", "in_app", "api", "post", "in_person"}),
    roles=frozenset({"isp", "site_operator", "platform", "regulator", "court"}),
    notice_types=frozenset({"generic_host_abuse", "tos_report", "regulator_image_report", "court_order_packet"}),
    prepare=prepare,
    starts={"sending": "done", "receipt": "confirmed", "filing": "done", "acknowledgement": "answered",
            "confirmation": "answered"},
    receipt=_("their answer; whether the link is refused can be tried out"),
    states={**guide.STATES, "done": _("asked for"), "cannot": _("they refuse")},
    adds=_("the addresses, to somebody who does not hold them"),
    purpose="notify",
    first=35,
)  # fmt: skip
