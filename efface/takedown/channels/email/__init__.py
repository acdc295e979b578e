"""Electronic mail (RFC 5322): the text, the XARF report beside it, and headers that machines can read. Pure.

Nothing in it says who the depicted person is, and no picture is ever part of it (``guard``). There is no Auto-Submitted
header: a person approved it. Signing (DKIM) and handing over is ``engine.base``'s; ``pace`` says when.
"""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from efface.takedown.channels import guide
from efface.takedown.channels.contract import CannotPrepare, Channel, Prepared, Task
from efface.takedown.channels.email import message


def prepare(task: Task) -> Prepared:
    """The complete message. Raises ``CannotPrepare`` without a recipient or a text, ``guard.ImageryRefused`` for one
    that would carry a picture."""
    if not task.contact.strip() or not task.text.strip():
        raise CannotPrepare("a mail needs a recipient and a text")
    return Prepared("machine", payload=message.build(task), exposure=task.exposure)


CHANNEL = Channel(
    id="email",
    name=_("e-mail"),
    medium="mail",
    hands=("machine",),
    via=frozenset({"email"}),
    roles=frozenset(),
    prepare=prepare,
    starts={"sending": "sent", "receipt": "answered", "filing": "answered", "acknowledgement": "answered",
            "confirmation": "answered"},
    receipt=_("an answer of theirs, an automatic one too; that their mail server took it proves nothing yet"),
    states=guide.STATES,
    adds=_("the organisation's mail domain"),
    first=55,
)  # fmt: skip
