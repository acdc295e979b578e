"""Places where she shows herself and wants to be left: what is met there is nobody's decision any more."""

from __future__ import annotations

import re
import uuid
from datetime import datetime
from urllib.parse import parse_qsl, urlencode

from django.utils.translation import gettext as _
from publicsuffixlist import PublicSuffixList

from efface.cases import events
from efface.cases.models import Case, OwnPlace

MOST = 50
_suffixes = PublicSuffixList(accept_unknown=True)
_HOST = re.compile(r"(?=.{4,253}$)(?:[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?\.)+[a-z0-9][a-z0-9-]{0,61}[a-z0-9]$")


class NotAPlace(ValueError):
    """What was given is not an address that can be left alone; the message says what to give."""


def beginning(url: str) -> str:
    """How the addresses of a place begin: host without "www." and path, without scheme and closing slash; with the
    query where there is one, because on some sites that is what tells people apart. Raises ``NotAPlace``, also for
    what would cover a whole hosting service, or a page that only its fragment names."""
    text = re.sub(r"^[a-z][a-z0-9+.-]*://", "", url.strip(), flags=re.IGNORECASE)
    text, _hash, fragment = text.partition("#")
    text, _mark, query = text.partition("?")
    host, slash, path = text.partition("/")
    host = host.rpartition("@")[2].split(":")[0].lower().removeprefix("www.").rstrip(".")
    try:
        host = host.encode("idna").decode("ascii") if host else ""
    except UnicodeError:
        host = ""
    if not _HOST.match(host) or len(text) + len(query) > 1000:
        raise NotAPlace(_("Please give the address of your page, for example example.org/yourname."))
    path = path.rstrip("/")
    if not path and not query and _suffixes.privatesuffix(host) is None:
        raise NotAPlace(_("This address covers the pages of many people. Please give the address of your own page."))
    if fragment[:1] in ("/", "!") and not path and not query:
        raise NotAPlace(_("This address covers the whole site. Please give one that names your page before the “#”."))
    place = host + (slash + path if path else "")
    return f"{place}?{urlencode(sorted(parse_qsl(query)))}" if query else place


def add(case: Case, url: str, actor: str, now: datetime) -> OwnPlace:
    """From now on what is met there is left. Adding it twice changes nothing. Raises ``NotAPlace``."""
    place = beginning(url)
    rows = list(OwnPlace.objects.filter(case=case, ended_at=None))
    for row in rows:
        if row.url == place:
            return row
    if len(rows) >= MOST:
        raise NotAPlace(_("More than %(n)d places cannot be kept; please take one out first.") % {"n": MOST})
    made = OwnPlace(organisation_id=case.organisation_id, case=case, added_by=actor[:60], added_at=now)
    made.url = place
    made.save()
    events.record(case, "own.added", actor, subject=made.pk, now=now)
    return made


def end(case: Case, place: uuid.UUID, actor: str, now: datetime) -> None:
    """What is met there counts again from now on."""
    if OwnPlace.objects.filter(case=case, pk=place, ended_at=None).update(ended_at=now):
        events.record(case, "own.ended", actor, subject=place, now=now)


def places(case: Case) -> list[OwnPlace]:
    return list(OwnPlace.objects.filter(case=case, ended_at=None).order_by("added_at"))


def is_own(case: Case, url: str) -> bool:
    """Whether an address lies in one of her places. A host alone covers its subdomains; a path what is below it."""
    rows = places(case)
    if not rows:
        return False
    try:
        here = beginning(url)
    except NotAPlace:
        return False
    return any(isinstance(row.url, str) and covers(row.url, here) for row in rows)


def covers(place: str, here: str) -> bool:
    """Whether ``here`` lies in ``place``, both as ``beginning`` gives them. Letters' case in paths does not count: on
    most sites names are the same in both. Where a place has a query, all of it must be there too, at the same path."""
    place, _mark, wanted = place.partition("?")
    here, _mark, given = here.partition("?")
    host, _slash, path = place.partition("/")
    other, _slash, below = here.partition("/")
    if wanted:
        return other == host and below.lower() == path.lower() and set(parse_qsl(wanted)) <= set(parse_qsl(given))
    if not path:
        return other == host or other.endswith("." + host)
    return other == host and (below.lower() + "/").startswith(path.lower() + "/")
