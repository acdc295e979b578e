"""Complaints to authorities and tribunals: the FTC, eSafety, Ofcom's route, data protection authorities, coordinators
of the Digital Services Act, and their like."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from efface.takedown.channels import guide
from efface.takedown.channels.contract import Channel, Prepared, Task, Words

FIRST_THE_PLATFORM = frozenset({"us_ftc_complaint", "dsa_dsc_complaint", "au_esafety_complaint", "nz_hdca_s24"})
"""Types whose authority asks whether the service was asked before."""
HERS = frozenset({"ca_bc_crt", "kr_deletion_request", "court_order_packet"})
"""Types that she, or somebody with her mandate, brings herself."""


def prepare(task: Task) -> Prepared:
    hand = guide.choose(task, "her", "worker") if task.notice_type in HERS else guide.choose(task, "worker", "her")
    steps: list[Words] = []
    if task.notice_type in FIRST_THE_PLATFORM:
        steps.append(_("Have at hand when the service was asked and what it answered: they ask for it first."))
    if task.notice_type == "dsa_dsc_complaint":
        steps.append(_("It goes to the coordinator of the country where she lives; they pass it on to the right one."))
    if task.notice_type == "court_order_packet":
        steps.append(_("Ask first that the file be closed, or that her name is kept out of it. Take a lawyer."))
    steps += [
        _("Copy the text below. Say in whose name you complain; ask that her name is not passed on."),
        _("Hand it in, then note the number they give. What they answer comes here too."),
    ]
    notes = (_("An authority decides about the service. It seldom removes one picture by itself."),)
    return guide.walked(task, hand, *steps, notes=notes)


CHANNEL = Channel(
    id="regulator",
    name=_("complaint to an authority or tribunal"),
    medium="form",
    hands=("worker", "her"),
    via=frozenset({"form", "email", "phone", "post", "in_person"}),
    roles=frozenset({"regulator", "court"}),
    prepare=prepare,
    starts={"sending": "done", "receipt": "confirmed", "filing": "done", "acknowledgement": "answered",
            "confirmation": "answered"},
    receipt=_("their acknowledgement with a file number"),
    states={**guide.STATES, "done": _("complained"), "cannot": _("they do not take it")},
    adds=_("who complains; authorities keep files"),
    purpose="notify",
    first=30,
)  # fmt: skip
