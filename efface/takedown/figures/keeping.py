"""Counted once a day, protected, and kept: pages, commands and reports read what is kept and count nothing."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from datetime import date, datetime, time, timedelta
from typing import Any

from efface.accounts.models import Organisation
from efface.cases import events
from efface.cases.models import CaseEvent
from efface.engine.base import clock, deadlines, jobs, tenancy, training
from efface.engine.base.models import Deadline
from efface.takedown.figures import counting, exposure, protect, spans
from efface.takedown.figures.counting import Group, Truth
from efface.takedown.figures.models import StatisticsDay
from efface.takedown.figures.protect import FEWEST, Counted, Kept

COUNT = "statistics.count"
AT = time(3, 10)
"""When a day's figures are counted, UTC."""
MOST_GROUPS = 12
AGE_NAMES = (*(name for _days, name in counting.AGES), "older")


def latest(organisation: uuid.UUID) -> StatisticsDay | None:
    return StatisticsDay.objects.filter(organisation_id=organisation).order_by("-day").first()


def keep(organisation: uuid.UUID, now: datetime) -> StatisticsDay:
    """Count and keep this day's figures; counted again on the same day, that day's are replaced by what is still held
    against the day before, so that counting often tells no more than counting once."""
    before = StatisticsDay.objects.filter(organisation_id=organisation, day__lt=now.date()).order_by("-day").first()
    today = StatisticsDay.objects.filter(organisation_id=organisation, day=now.date()).first()
    base = today or before
    figures, kept = made(counting.count(organisation, now), now.date(), base.kept if base else {})
    figures["workload"] |= exposure.told(organisation, now)
    row, _new = StatisticsDay.objects.update_or_create(
        organisation_id=organisation, day=now.date(), defaults={"figures": figures, "kept": kept, "at": now}
    )
    return row


def made(truth: Truth, day: date, before: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """Pure: what may be shown, and what is kept for the next day."""
    kept: dict[str, Any] = {}

    def table(name: str, parts: Mapping[str, Counted], total: Counted, *, shut: bool = False) -> dict[str, Any]:
        one = protect.table(parts, total, _kept(before.get(name)), shut=shut)
        kept[name] = {part: [row.count, row.people, row.hidden] for part, row in one.kept.items()}
        return {"parts": one.shown, "total": one.total}

    people = sum(truth.cases.values())
    states = {name: Counted.of(truth.cases[name]) for name in ("solved", "failed", "unfound", "open")}
    cases = table("cases", states, Counted.of(people))
    ages = {name: Counted.of(truth.open_age[name]) for name in AGE_NAMES}
    by_month = {name: Counted.of(truth.months[name]) for name in [*counting.months(day), "other"]}
    open_all = table("open_all", {}, Counted.of(truth.open_all))["total"]
    figures = {
        "day": f"{day:%Y-%m-%d}", "fewest": FEWEST, "base": protect.BASE, "sample": False, "cases": cases,
        # Its parts make the number of open cases: where that is hidden they are.
        "open_age": table("open_age", ages, states["open"], shut=cases["parts"]["open"] is None),
        "months": table("months", by_month, Counted.of(people)),
        "removal": _group(truth.everything, before.get("removal"), kept, "removal"),
        "by": {by: _by(by, truth.groups[by], truth.everything, before, kept) for by in counting.BY},
        "returned": _returned(truth.returned, before, kept),
        "sites": [list(one) for one in truth.sites],
        "workload": {
            "workers": truth.workers,
            "open_each": round(open_all / truth.workers) if truth.workers and open_all is not None else None,
        },
    }  # fmt: skip
    return figures, kept


def _kept(stored: Mapping[str, Any] | None) -> dict[str, Kept]:
    return {name: Kept(*row) for name, row in (stored or {}).items()}


def _group(group: Group, before: Any, kept: dict[str, Any], name: str) -> dict[str, Any] | None:
    """The curve of a group; the last one told, until it has moved enough. None where it tells of too few people."""
    if group.people < FEWEST:
        return None
    n, gone = len(group.times), sum(went for _days, went in group.times)
    if before and abs(n - before["n"]) < FEWEST and abs(gone - before["gone"]) < FEWEST:
        kept[name] = before
        return before["told"]
    kept[name] = {"n": n, "gone": gone, "told": spans.told(group.times)}
    return kept[name]["told"]


def _by(
    by: str, groups: Mapping[str, Group], everything: Group, before: Mapping[str, Any], kept: dict[str, Any]
) -> list[dict[str, Any]]:
    """Groups that may be shown, the largest first; the others together, where they are enough people together."""
    parts = {name: Counted(len(one.times), one.people) for name, one in groups.items()}
    earlier = _kept(before.get(by))
    one = protect.table(parts, Counted(len(everything.times), everything.people), earlier)
    kept[by] = {name: [row.count, row.people, row.hidden] for name, row in one.kept.items()}
    largest = sorted(groups, key=lambda name: (-len(groups[name].times), name))
    open_ones = [name for name in largest if name and one.shown[name] is not None]
    rows = []
    for name in open_ones[:MOST_GROUPS]:
        told = _group(groups[name], before.get(f"{by}:{name}"), kept, f"{by}:{name}")
        if told is not None:
            rows.append({"name": name, "rest": False, **told})
    shown = {row["name"] for row in rows}
    rest = Group()
    for name, group in groups.items():
        if name not in shown:
            rest.times += group.times
            rest.cases += group.cases
    told = _group(rest, before.get(f"{by}:"), kept, f"{by}:") if rest.times else None
    if told is not None:
        rows.append({"name": "", "rest": True, **told})
    return rows


def _returned(group: Group, before: Mapping[str, Any], kept: dict[str, Any]) -> dict[str, Any]:
    """Of what was gone once, how much came back."""
    n, came = len(group.times), sum(went for _days, went in group.times)
    enough = group.people if came >= FEWEST else 0
    one = protect.table({"came_back": Counted(came, enough)}, Counted(n, group.people), _kept(before.get("returned")))
    kept["returned"] = {name: [row.count, row.people, row.hidden] for name, row in one.kept.items()}
    return {"gone_once": one.total, "came_back": one.shown["came_back"]}


@jobs.job("takedown")
def count(*, organisation: uuid.UUID) -> None:
    """Counts one organisation. Run twice it tells the same."""
    with tenancy.organisation(organisation):
        keep(organisation, clock.now())


@deadlines.handler(COUNT)
def _due(deadline: Deadline, now: datetime) -> None:
    organisation = deadline.subject
    count.defer(organisation=organisation, once=f"{COUNT}:{organisation}")
    deadlines.set_deadline(COUNT, organisation, next_time(now), organisation=organisation)


def next_time(now: datetime) -> datetime:
    """The next moment at which figures are counted."""
    at = now.replace(hour=AT.hour, minute=AT.minute, second=0, microsecond=0)
    return at if at > now else at + timedelta(days=1)


def begin(organisation: uuid.UUID, now: datetime) -> None:
    """From now on figures are counted daily; where they are already, nothing changes. Training is not counted."""
    if training.is_training(organisation):
        return
    waiting = Deadline.objects.filter(key=f"{COUNT}:{organisation}", state=Deadline.State.WAITING)
    if not waiting.exists():
        deadlines.set_deadline(COUNT, organisation, next_time(now), organisation=organisation)


@events.on("case.opened")
def _first(event: CaseEvent) -> None:
    begin(event.organisation_id, event.at)


def organisations() -> list[Organisation]:
    return list(Organisation.objects.filter(training=False).order_by("name"))
