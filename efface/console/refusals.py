"""Why something colleagues wanted cannot be done, in words. The rooms below say it in one word each."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

WORDS = {
    "empty": _("Please write something."),
    "erased": _("This case was erased."),
    "closed": _("This case is closed."),
    "no-worker": _("Please choose a caseworker or lead of this organisation."),
    "given-meanwhile": _("Somebody gave this case to another person meanwhile. Please look again."),
    "not-yours": _("Only a lead, or who has the case, gives it to somebody else."),
    "theirs-already": _("Please choose somebody else: the cases are theirs already."),
    "not-your-cases": _("Only a lead hands over the cases of somebody else."),
    "not-your-absence": _("Only a lead notes the absence of somebody else."),
    "stands-in-for-self": _("Somebody else has to stand in."),
    "wrong-way-round": _("The last day lies before the first one."),
    "over": _("This time is over already."),
    "too-long-away": _("At most a year can be noted. For longer, hand the cases over."),
    "away-already": _("An absence in this time is noted already. End it first."),
    "not-your-return": _("Only a lead ends the absence of somebody else."),
    "no-shift": _("A shift ends after it begins, and lasts at most fourteen hours."),
    "away-then": _("This member is away then."),
    "another-shift": _("This member has another shift in that time."),
    "too-long": _("This is too long. At most 4,000 characters fit."),
}


def say(refusal: ValueError) -> str:
    """A refusal of ``notes``, ``assigning``, ``absence`` or ``duty``; any other reads as it was raised."""
    return str(WORDS.get(str(refusal), refusal))
