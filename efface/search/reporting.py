"""Many links at once, as she pasted them: each is taken, or said plainly why not. Nothing is fetched here."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import urlsplit

from django.utils.translation import gettext as _

from efface.cases import links, own
from efface.cases.messages import Unusable
from efface.cases.models import Case, ReportedLink
from efface.engine.base import settings
from efface.search import urls
from efface.search.models import Match

MOST = 50
_BETWEEN = re.compile(r"[\s,;]+")
_AROUND = "<>\"'()[]"


@dataclass(frozen=True, slots=True)
class Said:
    """What became of one line. ``outcome``: taken, twice, known, own, ours, nonsense or many (beyond ``MOST``, not
    looked at)."""

    typed: str
    outcome: str

    @property
    def words(self) -> str:
        return {
            "taken": _("Taken. A machine looks at it; no person has to."),
            "twice": _("It stands there twice; once is enough."),
            "known": _("You told us of this page before; it is looked after."),
            "own": _("It lies in a place of your own that is left alone. Take the place out first, if it should go."),
            "ours": _("This is the address of this site itself."),
            "nonsense": _("This does not look like a web address. It usually begins with https://"),
            "many": _("More than %(n)d at once. It was not taken yet; please send it again.") % {"n": MOST},
        }[self.outcome]


def report_many(case: Case, text: str, by: str, now: datetime) -> list[Said]:
    """Take every address of a text, one a line or with spaces between. Order is kept; nothing is lost silently."""
    said: list[Said] = []
    before, here = _known(case), set()
    taken = 0
    for typed in split(text):
        address = urls.canonical(typed if "://" in typed else "https://" + typed)
        if not _usable(typed):
            said.append(Said(typed, "nonsense"))
        elif address in here:
            said.append(Said(typed, "twice"))
        elif address in before:
            said.append(Said(typed, "known"))
        elif _ours(address):
            said.append(Said(typed, "ours"))
        elif own.is_own(case, address):
            said.append(Said(typed, "own"))
        elif taken >= MOST:
            said.append(Said(typed, "many"))
        else:
            try:
                links.report(case, typed, by, now)
            except Unusable:
                said.append(Said(typed, "nonsense"))
                continue
            here.add(address)
            taken += 1
            said.append(Said(typed, "taken"))
    return said


def split(text: str) -> list[str]:
    """The addresses of a text. A line of words that holds none is one piece, and told about as such."""
    found: list[str] = []
    for line in text.replace("\r", "\n").split("\n"):
        pieces = [piece.strip(_AROUND) for piece in _BETWEEN.split(line.strip())]
        pieces = [piece for piece in pieces if piece]
        wanted = [piece for piece in pieces if _usable(piece)]
        if wanted:
            found += wanted
        elif pieces:
            found.append(line.strip()[:300])
    return found


def _usable(typed: str) -> bool:
    if len(typed) > 2000 or any(letter.isspace() for letter in typed):
        return False
    try:
        parts = urlsplit(typed if "://" in typed else "https://" + typed)
        host = (parts.hostname or "").encode("idna").decode()
    except (ValueError, UnicodeError):
        return False
    usable = parts.scheme in ("http", "https") and re.fullmatch(r"(?:[a-z0-9_-]+\.)+[a-z0-9-]{2,}\.?", host.lower())
    return bool(usable and urls.canonical(typed if "://" in typed else "https://" + typed))


def _ours(address: str) -> bool:
    host = urlsplit(address).hostname or ""
    return host in {one.strip().lower() for one in str(settings.get("hosts")).split(",")}


def _known(case: Case) -> set[str]:
    rows = [row.url for row in ReportedLink.objects.filter(case=case).order_by("-at")[:1000]]
    rows += [row.page_url for row in Match.objects.filter(case=case).order_by("-made_at")[:1000]]
    return set(_canonical(rows))


def _canonical(rows: Iterable[object]) -> Iterable[str]:
    return (urls.canonical(url) for url in rows if isinstance(url, str))
