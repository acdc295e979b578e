"""A report to the police: only if she wants it, or a statute obliges. Where it may hurt her, that is said first."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from efface.law import load
from efface.takedown.channels import guide
from efface.takedown.channels.contract import Channel, Prepared, Task, Words


def prepare(task: Task) -> Prepared:
    place = load().place(task.place or task.country)
    risks: list[Words] = [f"{one.who}: {one.text}" for one in place.reporting_risk] if place else []
    number: list[Words] = []
    if place is not None and place.emergency:
        number.append(_("In danger now: %(number)s.") % {"number": place.emergency})
    opens, shown = guide.way_in(task)
    return Prepared(
        hand=guide.choose(task, "her", "worker"),
        steps=(
            _("Ask her once more whether she wants it, and say what follows: a file with her name, and questions."),
            _("Somebody may go with her. She may ask for a woman, and that her address is kept out of the file."),
            _("Bring the addresses, accounts, demands and digests. Never bring or send a picture of a minor."),
            _("Ask that the platform's data are kept (preservation), and when notices may go out."),
            _("Note the file number and who leads the case."),
        ),
        copies=guide.fields(task), opens=opens, shown=shown, keeps=("reference", "answer"),
        notes=(*risks, *number, *guide.warnings(task)), exposure=task.exposure,
    )  # fmt: skip


CHANNEL = Channel(
    id="police",
    name=_("report to the police"),
    medium="visit",
    hands=("her", "worker"),
    via=frozenset({"in_person", "form", "phone"}),
    roles=frozenset({"police"}),
    prepare=prepare,
    starts={"sending": "done", "receipt": "confirmed", "filing": "done", "acknowledgement": "answered",
            "confirmation": "answered"},
    receipt=_("the file number"),
    states={**guide.STATES, "done": _("reported"), "cannot": _("they do not take it"),
            "dropped": _("she does not want it")},
    adds=_("her name and what happened, to a file that a suspect's lawyer may read"),
    purpose="police",
    minors=True,
    whole_case=True,
    first=15,
)  # fmt: skip
