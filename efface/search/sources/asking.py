"""A case's names, asked of the sources that the organisation switched on; what comes back is queued.

The question is counted before it is asked: one that was killed half-way costs its share of the day, and is never asked
twice for free. Asked outside any transaction, through the fetcher.
"""

from __future__ import annotations

import logging
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

from django.db import transaction
from django.db.models import F

from efface.cases import uses
from efface.cases.may import may
from efface.cases.models import Case, ReportedLink
from efface.engine.base import deadlines, tenancy
from efface.net.client import FetcherRefused, FetcherUnavailable
from efface.net.protocol import Answered, Limits, QuestionRequest
from efface.search import frontier, urls
from efface.search.asking import names
from efface.search.models import Finding, Frontier, SourceUse
from efface.search.sources.contract import Question, SourceRefused
from efface.search.sources.known import SOURCES, configured
from efface.sites import registry
from efface.sites.models import Site

log = logging.getLogger(__name__)
DUE = "case.sources"
EVERY = timedelta(days=7)
MOST_KNOWN = 1000
NEW_SITE = "new site: a person decides"


class Asker(Protocol):
    """What is needed of a fetcher (``efface.net.client.Fetcher``)."""

    def question(self, request: QuestionRequest) -> Answered: ...


@dataclass(frozen=True, slots=True)
class Asked:
    """``asked`` questions; ``queued`` pages for the crawl; ``new_sites`` links that a person decides about."""

    asked: int = 0
    queued: int = 0
    new_sites: int = 0


def request(organisation: uuid.UUID, case_id: uuid.UUID, due: datetime) -> None:
    deadlines.set_deadline(DUE, case_id, due, organisation=organisation, case=case_id)


def ask(organisation: uuid.UUID, case_id: uuid.UUID, fetcher: Asker, limits: Limits, now: datetime) -> Asked:
    """Put the case's questions to every source that is switched on and that it may be used for."""
    asked = queued = new_sites = 0
    for name in SOURCES:
        for question in _questions(organisation, case_id, name, now):
            if not _count(organisation, case_id, name, now):
                break
            found = _put(question, fetcher, limits, name)
            asked += 1
            more = _queue(organisation, case_id, name, found, now) if found else (0, 0)
            queued, new_sites = queued + more[0], new_sites + more[1]
            _note(organisation, case_id, name, len(found), now)
    with tenancy.organisation(organisation):
        if Case.objects.filter(pk=case_id, state=Case.State.OPEN).exists():
            request(organisation, case_id, now + EVERY)
    return Asked(asked, queued, new_sites)


def _note(organisation: uuid.UUID, case_id: uuid.UUID, name: str, found: int, now: datetime) -> None:
    """She can read whom her names were given to."""
    with tenancy.organisation(organisation):
        case, purpose = Case.objects.filter(pk=case_id).first(), SOURCES[name].contract.purpose
        if case is not None and purpose:
            uses.note(case, purpose, "asked", now, by=name, found=found)


def _questions(organisation: uuid.UUID, case_id: uuid.UUID, name: str, now: datetime) -> list[Question]:
    source = SOURCES[name]
    purpose = source.contract.purpose
    with tenancy.organisation(organisation):
        setup, row = configured(name)
        case = Case.objects.filter(pk=case_id).first()
        if row is None or not row.on or case is None or not purpose or not may(case, purpose, now):
            return []
        words = list(names(case.pk)) if source.contract.sends == "names" else []
        rows = Finding.objects.filter(case=case).order_by("-confirmed_at").values_list("site__domain", "site__network")
        found = list(rows[:MOST_KNOWN])
    networks = {network for _domain, network in found if network is not None}
    domains = [domain for domain, _network in found]
    domains += Site.objects.filter(network__in=networks).order_by("domain").values_list("domain", flat=True)
    try:
        return source.questions(words, domains, setup)
    except SourceRefused as refusal:
        log.warning("source %s: %s", name, refusal)
        return []


def _count(organisation: uuid.UUID, case_id: uuid.UUID, name: str, now: datetime) -> bool:
    """Take one question of the day's share, while consent stands. False where there is none left."""
    with tenancy.organisation(organisation):
        _setup, row = configured(name)
        case = Case.objects.filter(pk=case_id).first()
        purpose = SOURCES[name].contract.purpose
        if row is None or not row.on or case is None or not purpose or not may(case, purpose, now):
            return False
        SourceUse.objects.get_or_create(organisation_id=organisation, source=name, day=now.date())
        today = SourceUse.objects.filter(source=name, day=now.date(), asked__lt=row.a_day)
        return bool(today.update(asked=F("asked") + 1))


def _put(question: Question, fetcher: Asker, limits: Limits, name: str) -> list[str]:
    try:
        answer = fetcher.question(QuestionRequest(question.url, question.header, question.secret, limits))
    except (FetcherRefused, FetcherUnavailable) as error:
        log.warning("source %s gave no answer: %s", name, type(error).__name__)
        return []
    if answer.facts.error or answer.facts.status != 200:
        log.warning("source %s: %s", name, answer.facts.error or answer.facts.status)
        return []
    return answer.urls


def _queue(
    organisation: uuid.UUID, case_id: uuid.UUID, name: str, found: Sequence[str], now: datetime
) -> tuple[int, int]:  # fmt: skip
    """Write links down, each once; pages of known sites are read next."""
    wanted = {urls.digest(url): url for one in found if (url := urls.canonical(one))}
    known = {bytes(one) for one in Frontier.objects.filter(digest__in=list(wanted)).values_list("digest", flat=True)}
    queued = new_sites = 0
    with tenancy.organisation(organisation), transaction.atomic():
        rows = ReportedLink.objects.filter(case=case_id).order_by("-at")[:MOST_KNOWN]
        known |= {urls.digest(row.url) for row in rows if isinstance(row.url, str)}
        for digest, url in wanted.items():
            if digest in known:
                continue
            site = registry.find(url)
            if site is not None and site.state == Site.State.STOPPED:
                continue
            outcome = NEW_SITE
            if site is not None:
                frontier.ensure(site, url, now, priority=frontier.ASKED)
                registry.visit_soon(site.pk, now)
                outcome = "queued"
            link = ReportedLink(
                organisation_id=organisation, case_id=case_id, at=now, by=f"source:{name}", handled_at=now,
                outcome=outcome,
            )  # fmt: skip
            link.url = url
            link.save()
            queued, new_sites = queued + (site is not None), new_sites + (site is None)
    return queued, new_sites
