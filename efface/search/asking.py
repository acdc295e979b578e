"""A site's own search, asked for what a case goes by. Off unless a coordinator allowed it for the site.

The question itself tells the site whom somebody looks for. So it is asked only where the organisation's coordinator
decided so for this site, only for names and handles enrolled as text, only while the case's consent to text search
stands, once in seven visits. The address with the words in it is written nowhere; what it leads to is read as any page.
"""

from __future__ import annotations

import re
import uuid
from collections.abc import Iterator
from datetime import datetime
from urllib.parse import quote_plus, unquote_plus, urlsplit

from efface.cases.may import may
from efface.cases.models import Case, Fingerprint, FingerprintKind, Purpose
from efface.engine.base import sealing, tenancy
from efface.search.rules import Rule

TURNS = 7
"""Each word has its turn once in so many visits; a site is visited daily at most."""
MOST_WORDS = 20
"""Questions to one site in one visit."""
LEAST_LETTERS = 4
WORD = "{word}"


def words(rule: Rule, now: datetime) -> list[str]:
    """What may be asked of a site now, of the cases of the organisation that allowed it. Sealed values that cannot be
    opened are left out."""
    if not rule.search_words or rule.organisation is None:
        return []
    found: dict[str, None] = {}
    with tenancy.organisation(rule.organisation):
        for case in Case.objects.filter(state=Case.State.OPEN).order_by("pk").iterator():
            if len(found) >= MOST_WORDS:
                break
            if may(case, Purpose.TEXT_SEARCH, now):
                found |= dict.fromkeys(names(case.pk))
    return list(found)[:MOST_WORDS]


def names(case: uuid.UUID) -> Iterator[str]:
    """The names and handles enrolled for a case. Inside the organisation's transaction."""
    rows = Fingerprint.objects.filter(case=case, kind=FingerprintKind.TEXT, retired_at=None).order_by("created")
    for row in rows[:MOST_WORDS]:
        try:
            value = row.value
        except (sealing.SealBroken, sealing.KeyMissing):
            continue
        text = str(value.get("value", "")).strip() if isinstance(value, dict) else ""
        is_name = isinstance(value, dict) and value.get("kind") in ("name", "handle")
        if is_name and len(text) >= LEAST_LETTERS:
            yield text[:80]


def says(link: str, template: str, word: str) -> bool:
    """Whether a link repeats the question: it holds the word, or goes to the search itself. Such links are not kept:
    they would say whom somebody looked for, and ask again when nobody may. Pure."""
    try:
        asked, there = urlsplit(template), urlsplit(link)
    except ValueError:
        return True
    if (asked.netloc, asked.path) == (there.netloc, there.path) and asked.path not in ("", "/"):
        return True
    name = asked.query.rpartition("=" + WORD)[0].rpartition("&")[2]
    if name and f"{name}=" in there.query:
        return True
    return _flat(word) in _flat(link)


def _flat(text: str) -> str:
    return re.sub(r"[\W_]+", "", unquote_plus(unquote_plus(text)).casefold())


def address(template: str, word: str) -> str:
    """The question as an address; "" for a template that has no place for it. Pure."""
    return template.replace(WORD, quote_plus(word), 1) if template.count(WORD) == 1 else ""
