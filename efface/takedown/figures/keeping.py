"""Counted once a day in pieces, protected, kept: pages, commands and reports read what is kept and count nothing."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from datetime import date, datetime, time, timedelta
from typing import Any

from django.db import transaction

from efface.accounts.models import Organisation
from efface.cases import events
from efface.cases.models import CaseEvent
from efface.engine.base import clock, deadlines, jobs, tenancy, training
from efface.engine.base.models import Deadline
from efface.takedown.figures import counting, exposure, protect, spans
from efface.takedown.figures.counting import ALL, Truth
from efface.takedown.figures.models import StatisticsDay, StatisticsRun
from efface.takedown.figures.protect import FEWEST, SPREAD, Draw, Kept
from efface.takedown.figures.tally import Group, Tally

COUNT = "statistics.count"
AT = time(3, 10)
"""When a day's figures are counted, UTC."""
STALE = timedelta(hours=6)
"""A count that began longer ago is begun anew instead of being gone on with."""
MOST_GROUPS = 12
AGE_NAMES = (*(name for _days, name in counting.AGES), "older")
SEASON = timedelta(days=91)
"""A curve is told anew after so long, though few came: what still stands has stood longer."""
FORM = 2
"""Of what is kept; another one is not compared with."""


def latest(organisation: uuid.UUID) -> StatisticsDay | None:
    return StatisticsDay.objects.filter(organisation_id=organisation).order_by("-day").first()


def running(organisation: uuid.UUID) -> StatisticsRun | None:
    """The count that is under way, None where none is."""
    return StatisticsRun.objects.filter(organisation_id=organisation, ended_at=None).defer("tally").first()


def keep(organisation: uuid.UUID, now: datetime) -> StatisticsDay:
    """Count here and now, piece by piece, each in a transaction of its own where no other is open around it."""
    with tenancy.organisation(organisation):
        start(organisation, now, anew=True)
    while True:
        with tenancy.organisation(organisation):
            row = step(organisation) or (None if running(organisation) else latest(organisation))
        if row is not None:
            return row


def start(organisation: uuid.UUID, now: datetime, *, anew: bool = False) -> None:
    """Begin to count as of ``now``. One that is under way is gone on with, unless it is stale or ``anew``."""
    with transaction.atomic():
        StatisticsRun.objects.bulk_create(
            [StatisticsRun(organisation_id=organisation, moment=now, ended_at=now)], ignore_conflicts=True
        )
        run = StatisticsRun.objects.select_for_update().get(organisation_id=organisation)
        if anew or run.ended_at is not None or now - run.moment > STALE:
            run.moment, run.after, run.cases, run.tally, run.ended_at = now, None, 0, {}, None
            run.save()


def step(organisation: uuid.UUID) -> StatisticsDay | None:
    """Count the next piece. What it came to, where the next begins and that it was counted is one write: killed in the
    middle, it is counted again, and never twice. The day's row where this was the last piece."""
    with transaction.atomic():
        run = StatisticsRun.objects.select_for_update().filter(organisation_id=organisation, ended_at=None).first()
        if run is None:
            return None
        piece = counting.piece(run.moment, run.after)
        tally = Tally.of_json(run.tally)
        tally.merge(piece.tally)
        run.cases += piece.cases
        row = None
        if piece.last is None:
            row = _kept_day(organisation, counting.whole(organisation, tally, run.moment), run.moment)
            run.ended_at, run.after, run.tally = run.moment, None, {}
        else:
            run.after, run.tally = piece.last, tally.as_json()
        run.save()
    return row


def _kept_day(organisation: uuid.UUID, truth: Truth, now: datetime) -> StatisticsDay:
    """Keep a day's figures; counted again on the same day, that day's are replaced by what is still held against them,
    so that counting often tells no more than counting once."""
    before = StatisticsDay.objects.filter(organisation_id=organisation, day__lte=now.date()).order_by("-day").first()
    figures, kept = made(truth, now.date(), before.kept if before else {})
    figures["workload"] |= exposure.told(organisation, now)
    row, _new = StatisticsDay.objects.update_or_create(
        organisation_id=organisation, day=now.date(), defaults={"figures": figures, "kept": kept, "at": now}
    )
    return row


def made(
    truth: Truth, day: date, before: Mapping[str, Any], draw: Draw | None = None
) -> tuple[dict[str, Any], dict[str, Any]]:
    """What may be shown, and what is kept for the next day. Pure but for ``draw``, chance where none is given."""
    before = before if before.get("form") == FORM else {}
    kept: dict[str, Any] = {"form": FORM}
    counts = truth.tally.counts

    def table(name: str, parts: Mapping[str, int], total: int | Kept, *, shut: bool = False) -> protect.Table:
        one = protect.table(parts, total, _kept(before.get(name)), shut=shut, draw=draw)
        kept[name] = {part: [row.count, row.draw, row.wait, row.hidden] for part, row in one.kept.items()}
        return one

    def shown(one: protect.Table) -> dict[str, Any]:
        return {"parts": one.shown, "total": one.total}

    states = {name: counts["cases"][name] for name in ("solved", "failed", "unfound", "open")}
    cases = table("cases", states, sum(counts["cases"].values()))
    # One number is drawn once, wherever it stands: told by two draws it would be known better than by one.
    open_ones, everybody = cases.kept["open"], cases.kept[protect.TOTAL]
    ages = {name: counts["open_age"][name] for name in AGE_NAMES}
    by_month = {name: counts["months"][name] for name in [*counting.months(day), "other"]}
    open_all = table("open_all", {}, truth.open_all).total
    all_found = truth.group(ALL)
    found_for = table(ALL, {}, all_found.people).kept[protect.TOTAL]
    figures: dict[str, Any] = {
        "day": f"{day:%Y-%m-%d}", "fewest": FEWEST, "base": protect.BASE, "spread": SPREAD, "sample": False,
        "cases": shown(cases),
        # Its parts make the number of open cases: where that is hidden they are.
        "open_age": shown(table("open_age", ages, open_ones, shut=open_ones.hidden)),
        "months": shown(table("months", by_month, everybody)),
        "removal": _group(all_found, found_for, day, before, kept, ALL, draw),
        "by": {},
        "returned": {},
        "sites": [list(one) for one in truth.sites],
        "workload": {
            "workers": truth.workers,
            "open_each": round(open_all / truth.workers) if truth.workers and open_all is not None else None,
        },
    }  # fmt: skip
    for by in counting.BY:
        groups = truth.tally.groups.get(by, {})
        cells = table(by, {name: one.people for name, one in groups.items()}, found_for).kept
        figures["by"][by] = _by(by, groups, cells, day, before, kept, draw)
    returned = table("returned", {"came_back": counts["returned"]["came_back"]}, counts["returned"]["gone_once"])
    figures["returned"] = {"gone_once": returned.total, "came_back": returned.shown["came_back"]}
    return figures, kept


def _kept(stored: Mapping[str, Any] | None) -> dict[str, Kept]:
    return {name: Kept(*row) for name, row in (stored or {}).items()}


def _group(
    group: Group, cell: Kept, day: date, before: Mapping[str, Any], kept: dict[str, Any], name: str, draw: Draw | None
) -> dict[str, Any] | None:
    """The curve of a group; the last one told, until enough people came or went, or a season is over. None where it
    tells of too few people."""
    if cell.hidden:
        return None
    place, gone = f"told:{name}", group.people_gone
    last = before.get(place)
    moved = max(abs(group.people - last["people"]), abs(gone - last["gone"])) if last else 0
    if last and moved < last["wait"] and day - date.fromisoformat(last["day"]) < SEASON:
        kept[place] = last
        return last["told"]
    wait = FEWEST + SPREAD + (draw or protect.drawn)()
    told = spans.told(group, cell.told, draw)
    if name == ALL:
        # Of parts it is not told: somebody is in several of them, and each number more says something of her.
        told |= spans.findings(group, cell.told, draw)
    kept[place] = {"people": group.people, "gone": gone, "wait": wait, "day": f"{day:%Y-%m-%d}", "told": told}
    return told


def _by(
    by: str, groups: Mapping[str, Group], cells: Mapping[str, Kept], day: date, before: Mapping[str, Any],
    kept: dict[str, Any], draw: Draw | None,
) -> list[dict[str, Any]]:  # fmt: skip
    """Groups that may be shown, the largest first. The others are left out: somebody is in several of them."""
    shown = sorted((-cells[name].told, name) for name in groups if name and not cells[name].hidden)
    rows = []
    for _told, name in shown[:MOST_GROUPS]:
        told = _group(groups[name], cells[name], day, before, kept, f"{by}:{name}", draw)
        if told is not None:
            rows.append({"name": name, "rest": False, **told})
    return rows


@jobs.job("takedown")
def count(*, organisation: uuid.UUID) -> None:
    """Counts one piece of one organisation and goes on by itself. Run twice it tells the same."""
    with tenancy.organisation(organisation):
        start(organisation, clock.now())
        if step(organisation) is None and running(organisation):
            count.defer(organisation=organisation, once=f"{COUNT}:{organisation}")


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
