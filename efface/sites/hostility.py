"""Operators who must not be written to: recognised on their own pages, or said by a person."""

from __future__ import annotations

import re
from datetime import datetime

from efface.sites.models import Site

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


def judge(site: Site, text: str) -> bool:
    """Mark a site whose hostility is not known as extortionate where its page says so. True when it did."""
    if site.hostility != Site.Hostility.UNKNOWN:
        return False
    words = asks_money(text)
    if not words:
        return False
    changed = Site.objects.filter(pk=site.pk, hostility=Site.Hostility.UNKNOWN).update(
        hostility=Site.Hostility.EXTORTIONATE, hostility_why=f"its pages offer removal for money: “{words}”"
    )
    site.hostility = Site.Hostility.EXTORTIONATE
    return bool(changed)


def declare(site: Site, hostility: str, why: str, by: str, now: datetime) -> None:
    """A person's word, which no page overrules."""
    if hostility not in Site.Hostility.values:
        raise ValueError(f"hostility must be one of {', '.join(Site.Hostility.values)}")
    Site.objects.filter(pk=site.pk).update(hostility=hostility, hostility_why=f"{now:%Y-%m-%d} {by}: {why}"[:200])
    site.refresh_from_db(fields=["hostility", "hostility_why"])
