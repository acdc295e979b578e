"""Links that the survivor or a worker reports."""

from __future__ import annotations

from datetime import datetime
from urllib.parse import urlsplit

from django.utils.translation import gettext as _

from efface.cases import events
from efface.cases.messages import Unusable
from efface.cases.models import Case, ReportedLink
from efface.engine.base import training


def report(case: Case, url: str, by: str, now: datetime) -> ReportedLink:
    """A link somebody reported. It is fetched by the scanner, never by the web server."""
    url = url.strip()
    if "://" not in url:
        url = "https://" + url
    try:
        parts = urlsplit(url)
        usable = parts.scheme in ("http", "https") and "." in (parts.hostname or "") and len(url) <= 2000
        parts.port  # noqa: B018 - raises for a port that is none
    except ValueError:
        usable = False
    if not usable or any(letter.isspace() for letter in url):
        raise Unusable(_("This does not look like a web address. It usually begins with https://"))
    if training.here() and not training.is_invented(parts.hostname or ""):
        raise Unusable(_("This is training: please use invented addresses only. Their names end in .invalid."))
    link = ReportedLink(organisation_id=case.organisation_id, case=case, at=now, by=by)
    link.url = url
    link.save()
    events.record(case, "link.reported", by, subject=link.pk, now=now)
    return link
