"""Finding sites among fifty thousand: words, filters, order, one page at a time.

Words are looked for by their three-letter parts in an index that PostgreSQL has without extensions. A page begins
after a row, not after a number of rows, so that the last page costs what the first does.
"""

from __future__ import annotations

import base64
import json
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlencode

from django.db.models import Q, QuerySet

from efface.sites import lookups
from efface.sites.models import Site, grams

PAGE = 50
LONGEST = 100
STALE = lookups.HALF_LIFE
ORDERS = ("domain", "-added_at", "added_at", "-looked_up_at", "looked_up_at")
FRESH = ("never", "old", "fresh")
MOST_NEAR = 3000
NEAR = 0.5
"""So much of the words' parts a domain must have to be shown as one that was perhaps meant."""


@dataclass(frozen=True, slots=True)
class Filter:
    """What is asked for; "" asks for nothing. Unknown words are dropped by ``read``."""

    words: str = ""
    state: str = ""
    review: str = ""
    kind: str = ""
    hostility: str = ""
    network: str = ""
    fresh: str = ""
    covered: str = ""
    order: str = "domain"

    def query(self) -> str:
        """As a query string: a link to this filter is the filter kept."""
        return urlencode({one.name: value for one in fields(self) if (value := getattr(self, one.name)) and (
            one.name != "order" or value != "domain")})  # fmt: skip

    @property
    def only_words(self) -> str:
        """The query of the words alone."""
        return Filter(words=self.words).query()

    @property
    def narrows(self) -> bool:
        return replace(self, order="domain") != Filter()


def read(given: Mapping[str, str]) -> Filter:
    """The filter of a query string, whatever stands in it."""
    def one(name: str, allowed: Any) -> str:
        value = str(given.get(name, ""))
        return value if value in allowed else ""

    words = "".join(sign for sign in str(given.get("words", "")) if sign.isprintable()).strip().lower()[:LONGEST]
    network = str(given.get("network", ""))
    return Filter(
        words=words, state=one("state", Site.State.values), review=one("review", Site.Review.values),
        kind=one("kind", Site.Kind.values), hostility=one("hostility", Site.Hostility.values),
        network=network if _is_uuid(network) else "", fresh=one("fresh", FRESH), covered=one("covered", ("yes", "no")),
        order=one("order", ORDERS) or "domain",
    )  # fmt: skip


def _is_uuid(text: str) -> bool:
    try:
        return len(text) == 36 and bool(uuid.UUID(text))
    except ValueError:
        return False


def rows(wanted: Filter, now: datetime) -> QuerySet[Site]:
    """The sites of a filter in its order, aliases left out unless words name them."""
    found = Site.objects.select_related("network", "merged").defer("dossier", "grams")
    found = found.filter(_with_words(wanted.words) if wanted.words else Q(merged=None))
    for name in ("state", "review", "kind", "hostility"):
        value = getattr(wanted, name)
        if value:
            found = found.filter(**{name: value})
    if wanted.network:
        found = found.filter(network=uuid.UUID(wanted.network))
    if wanted.covered:
        found = found.filter(covered=wanted.covered == "yes")
    if wanted.fresh == "never":
        found = found.filter(looked_up_at=None)
    elif wanted.fresh == "old":
        found = found.filter(looked_up_at__lt=now - STALE)
    elif wanted.fresh == "fresh":
        found = found.filter(looked_up_at__gte=now - STALE)
    return found.order_by(*_order(wanted.order))


def _order(name: str) -> list[Any]:
    from django.db.models import F

    if name == "domain":
        return ["domain"]
    plain, down = name.removeprefix("-"), name.startswith("-")
    if plain == "added_at":
        return [name, "-id" if down else "id"]
    # Never looked up comes first of the oldest and last of the newest; the index is made so.
    field = F(plain).desc(nulls_last=True) if down else F(plain).asc(nulls_first=True)
    return [field, "-id" if down else "id"]


def _with_words(words: str) -> Q:
    """Domains that have the words in them, also where they are typed as people read them (not in ASCII)."""
    if words.startswith("xn--") or words.isascii():
        spelled = words
    else:
        try:
            spelled = words.encode("idna").decode("ascii")
        except (UnicodeError, ValueError):
            spelled = words
    inner = [part for part in grams(spelled) if "^" not in part and "$" not in part]
    return Q(grams__contains=inner, domain__contains=spelled) if inner else Q(domain__contains=spelled)


def near(words: str, most: int = 8) -> list[Site]:
    """Domains that resemble the words, the most alike first: what was perhaps meant."""
    words = words.strip().lower()[:LONGEST]
    parts = set(grams(words))
    # Half the registry shares its ending: it is looked for by what stands before it.
    name = f"^{words.rpartition('.')[0] or words}"
    inner = [name[place : place + 3] for place in range(len(name) - 2)]
    if len(inner) < 2:
        return []
    # One slip spoils three neighbouring parts at most: of four that lie apart one is whole.
    some = sorted({inner[place * (len(inner) - 1) // 3] for place in range(4)})
    scored = []
    for domain in Site.objects.filter(grams__overlap=some).values_list("domain", flat=True)[:MOST_NEAR]:
        theirs = set(grams(domain))
        share = len(parts & theirs) / len(parts | theirs)
        if share >= NEAR:
            scored.append((-share, domain))
    best = [domain for _share, domain in sorted(scored)[:most]]
    found = {site.domain: site for site in Site.objects.filter(domain__in=best).only("domain", "merged_id")}
    return [found[domain] for domain in best if domain in found]


def after(found: QuerySet[Site], order: str, mark: str) -> QuerySet[Site]:
    """The rows behind the one that ``mark`` (of ``mark_of``) names; all of them where it names none."""
    try:
        value, pk = json.loads(base64.urlsafe_b64decode(mark.encode("ascii", "ignore") or b"bnVsbA=="))
        pk, text = str(pk), None if value is None else str(value)[:300]
    except (ValueError, TypeError):
        return found
    if not _is_uuid(pk) or (text is not None and "\0" in text):
        return found
    if order == "domain":
        return found.filter(domain__gt=text or "")
    plain, down = order.removeprefix("-"), order.startswith("-")
    behind = Q(pk__lt=pk) if down else Q(pk__gt=pk)
    if text is None:
        return found.filter(Q(**{plain: None}) & behind) if down else found.filter(
            (Q(**{plain: None}) & behind) | ~Q(**{plain: None}))  # fmt: skip
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return found
    same = Q(**{plain: moment}) & behind
    if down:
        return found.filter(Q(**{f"{plain}__lt": moment}) | same | Q(**{plain: None}))
    return found.filter(Q(**{f"{plain}__gt": moment}) | same)


def mark_of(site: Site, order: str) -> str:
    """Where a page ended."""
    value = getattr(site, order.removeprefix("-"))
    text = value.isoformat() if isinstance(value, datetime) else value
    return base64.urlsafe_b64encode(json.dumps([text, str(site.pk)]).encode()).decode()


def age(site: Site, now: datetime) -> str:
    """Of what is known who stands behind it: "never", "fresh", "old"."""
    if site.looked_up_at is None:
        return "never"
    return "old" if now - site.looked_up_at > STALE else "fresh"


def stale_for(site: Site, now: datetime) -> timedelta:
    return now - (site.looked_up_at or site.added_at)
