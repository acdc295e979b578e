"""A filter of the queue: its address is the filter, a saved view is one with a name."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import urlencode

from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from efface.accounts.models import Member
from efface.cases import absence
from efface.cases.models import Case
from efface.console.typed import one_line
from efface.console.waiting_case import EACH, LIVING, Within

WHOSE = {"": _("everybody's"), "mine": _("mine, and of those I stand in for"), "nobody": _("nobody's")}
KINDS = {
    "arrival": _("new cases"), "message": _("messages"), "telling": _("telling her"), "attestation": _("attestations"),
    "sign": _("her word"), "face-alarm": _("face alarms"), "link": _("links"), "match": _("matches"), "age": _("ages"),
    "site": _("sites"), "suspected": _("stopped sites"), "notice": _("notices"), "moved": _("parties that changed"),
    "filing": _("forms"), "send": _("unclear mails"), "reply": _("replies"), "publication": _("publications"),
    "stuck": _("no way left"), "counter": _("counter-notices"), "clock": _("clocks"), "conflict": _("checks disagree"),
    "opinion": _("opinions"), "report": _("reports received"), "undelivered": _("partners not reached"),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Filter:
    """``kinds`` empty: all. ``whose``: "", "mine", "nobody". ``country``: where she lives."""

    kinds: tuple[str, ...] = ()
    whose: str = ""
    danger: bool = False
    country: str = ""

    def __bool__(self) -> bool:
        return bool(self.kinds or self.whose or self.danger or self.country)

    def query(self) -> str:
        pairs = [("kind", kind) for kind in self.kinds]
        pairs += [("whose", self.whose)] if self.whose else []
        pairs += [("danger", "1")] if self.danger else []
        pairs += [("country", self.country)] if self.country else []
        return urlencode(pairs)

    def within(self, member: Member, now: datetime, most: int = EACH) -> Within:
        if not (self.whose or self.danger or self.country):
            return Within(most=most)
        rows = Case.objects.filter(state__in=LIVING)
        if self.whose == "mine":
            rows = rows.filter(worker__in=absence.users_of(member, now))
        elif self.whose == "nobody":
            rows = rows.filter(Q(worker=None))
        if self.danger:
            rows = rows.filter(danger=True)
        if self.country:
            rows = rows.filter(country=self.country)
        return Within(cases=rows.values("pk"), most=most)


def read(given: Any) -> Filter:
    """From an address' parameters; what nobody knows is left out."""
    kinds = tuple(dict.fromkeys(kind for kind in given.getlist("kind") if kind in KINDS))
    whose, country = given.get("whose", ""), one_line(given.get("country", ""), 2).upper()
    return Filter(
        kinds if len(kinds) < len(KINDS) else (), whose if whose in WHOSE else "", given.get("danger") == "1",
        country if len(country) == 2 and country.isascii() and country.isalpha() else "",
    )  # fmt: skip
