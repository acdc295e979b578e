"""A letter on paper: a PDF that is searchable and can be read aloud, an address, a list of enclosures. A person prints,
signs and posts it, and says when; where the law counts from receipt, the clock begins on the day of delivery. Pure."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from efface.takedown.channels import guide
from efface.takedown.channels.contract import CannotPrepare, Channel, Prepared, Task
from efface.takedown.channels.post import letter


def prepare(task: Task) -> Prepared:
    """Raises ``CannotPrepare`` without an address or a text, and where a letter of it cannot be set in type."""
    if not any(line.strip() for line in task.postal):
        raise CannotPrepare("the postal address of the recipient is not known yet")
    if not task.text.strip():
        raise CannotPrepare("there is no text to print: draft the notice first")
    return Prepared(
        hand=guide.choose(task, "worker", "her"),
        steps=(
            _("Print the letter and have it signed by whoever signs for the organisation."),
            _("Add what the list of enclosures names, and nothing else. No picture goes by post, ever."),
            _("Send it registered, with proof of delivery. Note the day and the number of the receipt."),
            _("When the proof of delivery is there, note that day: the law's time runs from it."),
        ),
        keeps=("posted", "delivered", "reference"), notes=guide.warnings(task), exposure=task.exposure,
        payload=letter.pdf(task),
    )  # fmt: skip


CHANNEL = Channel(
    id="post",
    name=_("letter by post"),
    medium="letter",
    hands=("worker", "her"),
    via=frozenset({"post"}),
    roles=frozenset(),
    prepare=prepare,
    starts={"sending": "done", "receipt": "delivered", "filing": "delivered", "acknowledgement": "answered",
            "confirmation": "answered"},
    receipt=_("the postal proof of delivery"),
    states={**guide.STATES, "done": _("posted"), "cannot": _("could not be delivered")},
    adds=_("the organisation's postal address, to whoever opens the letter"),
    first=70,
)  # fmt: skip
