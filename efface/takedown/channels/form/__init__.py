"""A desk's web form, filed by a worker: prepared answers are copied field by field, nothing is filled in by itself."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from efface.takedown.channels import guide
from efface.takedown.channels.contract import CannotPrepare, Channel, Prepared, Task


def prepare(task: Task) -> Prepared:
    """Raises ``CannotPrepare`` where nothing was drafted to copy."""
    if not guide.fields(task):
        raise CannotPrepare("there are no answers to copy: draft the notice first")
    return guide.walked(
        task,
        "worker",
        _("Copy each answer below into the field of the same meaning. Leave empty what is not asked for."),
        _("Do not upload a picture, even if the form asks for one. If it insists, say below that it refuses."),
        _("Send it, then note the number it gives and what it says."),
    )


CHANNEL = Channel(
    id="form",
    name=_("web form, filed by a worker"),
    medium="form",
    hands=("worker",),
    via=frozenset({"form"}),
    roles=frozenset(),
    prepare=prepare,
    starts={"sending": "done", "receipt": "confirmed", "filing": "done", "acknowledgement": "answered",
            "confirmation": "answered"},
    receipt=_("the number or the page the form shows after sending"),
    states={**guide.STATES, "done": _("filed"), "cannot": _("the form refuses")},
    adds=_("the network address of the worker's machine"),
    first=60,
)  # fmt: skip
