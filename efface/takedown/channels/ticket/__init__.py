"""A desk that agreed to take notices as signed JSON: one POST makes a ticket, its state is asked for afterwards. Which
desks, the operator says (``endpoints``); nothing else is ever dialled. The agreement is in docs/tickets.md."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from efface.takedown.channels import guide
from efface.takedown.channels.contract import CannotPrepare, Channel, Prepared, Task
from efface.takedown.channels.ticket import wire


def prepare(task: Task) -> Prepared:
    if not task.text.strip() or not task.urls:
        raise CannotPrepare("a ticket needs a text and addresses: draft the notice first")
    return Prepared("machine", payload=wire.body(task), exposure=task.exposure)


CHANNEL = Channel(
    id="ticket",
    name=_("ticket at a desk that agreed to it"),
    medium="api",
    hands=("machine",),
    via=frozenset({"api"}),
    roles=frozenset(),
    prepare=prepare,
    starts={"sending": "sent", "receipt": "sent", "filing": "sent", "acknowledgement": "sent",
            "confirmation": "answered"},
    receipt=_("the ticket's number in the desk's own answer"),
    states=guide.STATES,
    adds=_("nothing beyond the notice"),
    first=50,
)  # fmt: skip
