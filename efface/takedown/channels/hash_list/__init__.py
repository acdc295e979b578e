"""Hash lists: she makes the fingerprint of her own picture on her own device, at the list's own site. Nothing of hers
passes through us, and only she knows whether she did it."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from efface.takedown.channels import guide
from efface.takedown.channels.contract import Channel, Prepared, Task, Words

ADULT, MINOR = "stopncii", "ncmec_take_it_down"
BY_PLACE = {"GB": "report_remove"}
"""Places whose young people have a service of their own, beside the general list."""


def kits(age: str, country: str) -> tuple[str, ...]:
    """The desks (law data) for somebody who was ``age`` ("adult", "minor", "unknown") in the picture, in order. What
    counts is the age in the picture, not today's. Where it is not known both ways are shown, and she chooses."""
    local = BY_PLACE.get(country.upper())
    young = (local, MINOR) if local else (MINOR,)
    if age == "adult":
        return (ADULT,)
    if age == "minor":
        return young
    return (ADULT, *young)


OWN_DEVICE = _("Use your own phone or computer, where the picture is. Nothing is uploaded to us, now or later.")
CODE = _("Their page makes a code from your picture on your device. The picture stays with you; only the code leaves.")
STEPS: dict[str, tuple[Words, ...]] = {
    "stopncii": (
        OWN_DEVICE,
        _("Only if you were 18 or older in every picture you choose. Otherwise take the other list."),
        CODE,
        _("Write down the case number and the PIN on paper. Nobody can give them back to you, not even they."),
        _("Companies that take part look for the code. It does not reach private chats."),
    ),
    "ncmec_take_it_down": (
        OWN_DEVICE,
        _("For pictures from before you were 18, even if you are older today. They do not ask for your name."),
        CODE,
        _("Write down the number they give you, to look up later how it stands."),
    ),
    "report_remove": (
        _("For people under 18 in the United Kingdom. You do this yourself, with a Childline account if you like."),
        _("You may hand the picture or its address to the Internet Watch Foundation. Nobody else may do it for you."),
        _("They make a code from it, pass the code to companies, and tell you when they are done."),
        _("You can talk to somebody at Childline at the same time. It is free."),
    ),
}  # fmt: skip


def prepare(task: Task) -> Prepared:
    """For the desk of the task, or the one of her age and country."""
    known = task.desk.id if task.desk is not None and task.desk.id in STEPS else kits(task.age, task.country)[0]
    opens, shown = guide.way_in(task)
    return Prepared(
        hand="her", steps=STEPS[known], opens=opens, shown=shown, keeps=("said",),
        notes=guide.warnings(task), exposure=task.exposure,
    )  # fmt: skip


CHANNEL = Channel(
    id="hash_list",
    name=_("hash list, on her own device"),
    medium="device",
    hands=("her",),
    via=frozenset({"hash_list"}),
    roles=frozenset({"hash_bank"}),
    desks=frozenset(STEPS),
    prepare=prepare,
    starts={"filing": "done"},
    receipt=_("nothing that we could see: she says that she did it"),
    states={
        "todo": _("offered to her"),
        "done": _("she says she did it"),
        "cannot": _("she could not do it"),
        "dropped": _("she does not want it"),
    },
    adds=_("nothing through us: the list sees her device as any site does"),
    exposure="none",
    purpose="hash_lists",
    minors=True,
    whole_case=True,
    first=10,
)
