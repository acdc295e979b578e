"""Does a search engine still list it? Asked of the services that the organisation switched on as sources.

Only the page's address is asked for, and only after a search engine was told that address in a notice: nobody learns
anything by the question. It counts in the service's share of the day, before it is asked.
"""

from __future__ import annotations

import logging
import uuid
from datetime import datetime

from django.db.models import F

from efface.engine.base import tenancy
from efface.evidence import fetching
from efface.net.client import FetcherRefused, FetcherUnavailable
from efface.net.protocol import Observation, QuestionRequest
from efface.search import urls
from efface.search.models import Finding, SourceUse
from efface.search.sources.contract import Question, SourceRefused
from efface.search.sources.known import SOURCES, configured
from efface.takedown.models import Notice

log = logging.getLogger(__name__)
SERVICES = ("searxng", "keyed")
TOLD = (Notice.State.SENT, Notice.State.FILED)


def ask(organisation: uuid.UUID, finding: uuid.UUID, seen: Observation, now: datetime) -> bool:
    """Whether one of the services still leads to the finding's page. False where none may be asked, or none answers:
    what is not known is not claimed. Not asked while the target is seen where it stood."""
    if _is_seen(seen):
        return False
    for name in SERVICES:
        with tenancy.organisation(organisation):
            question, page = _question(finding, name, now)
        if question is not None and page in _answer(question, name):
            return True
    return False


def _is_seen(seen: Observation) -> bool:
    return any(look.serves_target for look in seen.pages.values()) or any(
        one.matches for one in seen.media if one.role != "search"
    )


def _question(finding: uuid.UUID, name: str, now: datetime) -> tuple[Question | None, str]:
    """The question to this service, counted, and the page's address in its one spelling."""
    row = Finding.objects.filter(pk=finding).first()
    setup, configuration = configured(name)
    page = urls.canonical(str(row.page_url)) if row is not None and row.page_url else ""
    if row is None or not page or configuration is None or not configuration.on:
        return None, ""
    if not Notice.objects.filter(finding=row, route__role="search", state__in=TOLD).exists():
        return None, ""
    try:
        questions = SOURCES[name].questions([page.partition("://")[2]], [], setup)
    except SourceRefused as refusal:
        log.warning("source %s: %s", name, refusal)
        return None, ""
    SourceUse.objects.get_or_create(organisation_id=row.organisation_id, source=name, day=now.date())
    today = SourceUse.objects.filter(source=name, day=now.date(), asked__lt=configuration.a_day)
    counted = bool(questions) and bool(today.update(asked=F("asked") + 1))
    return (questions[0], page) if counted else (None, "")


def _answer(question: Question, name: str) -> set[str]:
    try:
        answer = fetching.fetcher().question(QuestionRequest(question.url, question.header, question.secret))
    except (FetcherRefused, FetcherUnavailable) as error:
        log.warning("source %s gave no answer: %s", name, type(error).__name__)
        return set()
    if answer.facts.error or answer.facts.status != 200:
        log.warning("source %s: %s", name, answer.facts.error or answer.facts.status)
        return set()
    return {urls.canonical(url) for url in answer.urls}
