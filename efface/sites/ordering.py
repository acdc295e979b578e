"""The contacts of parties in the order in which they are worth writing to, with what was learned of their desks."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from django.db.models import Count, Q

from efface.sites import contacts, learning
from efface.sites.models import Asked, Delivery
from efface.whereabouts.ranking import Delivered, Observation, Ranking, Tallies, Tally, rank


def of_parties(party_keys: Iterable[str], now: datetime, *, notice_type: str = "") -> dict[str, Ranking]:
    """Party key -> its contacts, best first (``whereabouts.ranking.rank``). Removals are counted within 30 days, per
    desk over all parties it acts for, and per role; of one notice type where that is given. Four questions, however
    many parties."""
    observed = contacts.current(party_keys)
    every = {(row.channel, row.value) for rows in observed.values() for row in rows}
    delivery = {
        (row.channel, row.value): Delivered(row.state, row.at)
        for row in Delivery.objects.filter(value__in={value for _channel, value in every})
    }
    desks = {pair: learning.provider(*pair) for pair in every}
    learned = learning.of_providers(
        {(desk, channel) for (channel, _value), desk in desks.items()}, now, notice_type=notice_type
    )
    roles = _roles({row.role for rows in observed.values() for row in rows}, now, notice_type)
    ranked = {}
    for key, rows in observed.items():
        tallies = {}
        for row in rows:
            pair = row.channel, row.value
            month = learned.get((desks[pair], row.channel), learning.NOTHING).month
            tallies[pair] = Tally(month.n, month.k)
        seen = [
            Observation(key, row.channel, row.value, row.source, row.confidence, row.seen_at) for row in rows
        ]
        ranked[key] = rank(seen, now, delivery, Tallies(tallies, role=roles.get(rows[0].role, Tally())))
    return ranked


def _roles(roles: set[str], now: datetime, notice_type: str) -> dict[str, Tally]:
    rows = Asked.objects.filter(role__in=roles, sent_on__lte=learning.month_ago(now))
    if notice_type:
        rows = rows.filter(notice_type=notice_type)
    counted = rows.values("role").annotate(
        sent=Count("pk"), removed=Count("pk", filter=Q(removed_days__lte=learning.MONTH))
    )
    return {row["role"]: Tally(row["sent"], row["removed"]) for row in counted.order_by()}
