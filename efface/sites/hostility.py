"""Operators who must not be written to: recognised on their own pages, or said by a person."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import datetime

from django.db import transaction
from django.db.models import Q

from efface.engine.base import addresses, clock
from efface.sites import history
from efface.sites.models import Site

NEVER_WRITTEN_TO = frozenset({
    Site.Hostility.HOSTILE, Site.Hostility.EXTORTIONATE, Site.Hostility.PUBLISHES, Site.Hostility.DOXXES,
})  # fmt: skip
"""An operator of such a site never gets a notice, whoever proposes it."""

_PAID = re.compile(
    r"paid removal|removal (?:service )?fee|fee for (?:the )?removal|pay(?:ment)? (?:for|before) (?:the )?removal"
    r"|(?:no payment,? no|remov\w+ (?:\w+ ){0,3}after) (?:payment|removal)|removal (?:costs|price)"
    r"|kostenpflichtige löschung|löschgebühr|gegen (?:eine )?gebühr (?:löschen|entfernen)"
    r"|servicio de (?:eliminaci[oó]n|retirada) de pago|tarifa de eliminaci[oó]n"
    r"|pagar (?:por|para) (?:la )?(?:eliminar|eliminaci[oó]n)",
    re.IGNORECASE,
)
_PRICE = re.compile(
    r"[$€£]\s?\d|\d\s?(?:[€$]|(?:usd|eur|btc|xmr)\b)|bitcoin|crypto|monero|wallet|western union|gift ?cards?"
    r"|kryptow|cripto",
    re.IGNORECASE,
)


def asks_money(text: str) -> str:
    """The words with which a page offers removal for money; "" where it does not. A price or a way to pay must stand
    near by: a page that warns of such offers names none."""
    for match in _PAID.finditer(text[:100_000]):
        around = text[max(0, match.start() - 300) : match.end() + 300]
        if _PRICE.search(around):
            return match.group(0)[:80]
    return ""


def judge(site: Site, text: str, now: datetime | None = None) -> bool:
    """Mark a site whose hostility is not known as extortionate where its page says so. True when it did."""
    if site.hostility != Site.Hostility.UNKNOWN:
        return False
    words = asks_money(text)
    if not words:
        return False
    why = f"its pages offer removal for money: “{words}”"
    return _set(site, Site.Hostility.EXTORTIONATE, why, "page", "engine", now or clock.now(), only_unknown=True)


Listener = Callable[[Site, str, datetime], None]
_listeners: list[Listener] = []


def on_published(listener: Listener) -> None:
    """Have ``listener`` told (site, signed address, now) where a page of a site shows one of our notices."""
    _listeners.append(listener)


def shows_notice(site: Site, text: str, now: datetime) -> str:
    """The reply address of a notice of ours that stands in a page's text, "" where none does. Nobody can make one up,
    and it stands nowhere but in the notice: who shows it shows the notice. The operator is not written to again."""
    signed = next((one for one in addresses.shown(text[:100_000]) if addresses.read(one)), "")
    if signed:
        if site.hostility not in NEVER_WRITTEN_TO:
            _set(site, Site.Hostility.PUBLISHES, "a page shows one of our notices", "page", "engine", now)
        for listener in _listeners:
            listener(site, signed, now)
    return signed


def declare(site: Site, hostility: str, why: str, by: str, now: datetime, how: str = "person") -> None:
    """A person's word, which no page overrules. It holds for the site's aliases too."""
    if hostility not in Site.Hostility.values:
        raise ValueError(f"hostility must be one of {', '.join(Site.Hostility.values)}")
    _set(site, hostility, f"{now:%Y-%m-%d} {by}: {why}"[:200], how, by, now)
    site.refresh_from_db(fields=["hostility", "hostility_why", "hostility_how"])


def _set(site: Site, hostility: str, why: str, how: str, by: str, now: datetime, *, only_unknown: bool = False) -> bool:
    head = site.merged_id or site.pk
    with transaction.atomic():
        rows = Site.objects.select_for_update(of=("self",)).filter(Q(pk=head) | Q(merged=head)).order_by("pk")
        if only_unknown:
            rows = rows.filter(hostility=Site.Hostility.UNKNOWN)
        found = list(rows)
        for row in found:
            if row.hostility != hostility:
                history.record(row, "hostility", row.hostility, hostility, by, now, why=why)
        changed = Site.objects.filter(pk__in=[row.pk for row in found]).update(
            hostility=hostility, hostility_why=why[:200], hostility_how=how
        )
    if changed:
        site.hostility = hostility
    return bool(changed)
