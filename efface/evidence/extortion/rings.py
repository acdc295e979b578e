"""One ring, several cases: the same confirmed wallet or handle in more than one case of an organisation. Told to leads
and in packs for the police, as a number; which other cases they are is told to nobody here."""

from __future__ import annotations

from dataclasses import dataclass

from efface.cases.models import Case
from efface.evidence.models import Fact


@dataclass(frozen=True, slots=True)
class Ring:
    """A confirmed value of this case that stands in ``others`` further cases."""

    fact: Fact
    others: int


def of(case: Case) -> list[Ring]:
    """Rings this case belongs to, the widest first. Erased cases count no more."""
    own = {bytes(row.ring): row for row in Fact.objects.filter(case=case, ring__isnull=False) if row.ring is not None}
    if not own:
        return []
    rows = (
        Fact.objects.filter(organisation_id=case.organisation_id, ring__in=list(own), state=Fact.State.CONFIRMED)
        .exclude(case=case).exclude(case__state=Case.State.ERASED).values_list("ring", "case_id")
    )  # fmt: skip
    seen: dict[bytes, set[object]] = {}
    for ring, other in rows:
        seen.setdefault(bytes(ring or b""), set()).add(other)
    found = [Ring(own[ring], len(cases)) for ring, cases in seen.items()]
    return sorted(found, key=lambda one: -one.others)
