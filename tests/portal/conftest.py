from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from django.test import Client
from django.utils import translation

from efface.accounts.models import Organisation
from efface.cases import consents, events, links, messages, naming, own, reaching, telling
from efface.cases.models import Case, ReportedLink
from efface.engine.base import tenancy
from efface.search import deciding, revising
from tests import people
from tests.conftest import role


@pytest.fixture(autouse=True)
def english_again() -> Iterator[None]:
    """A request leaves its language behind in the thread; the next test begins in English."""
    translation.activate("en")
    yield
    translation.deactivate()


@pytest.fixture
def opened(organisation: Any, now: Any) -> Any:
    """A case that allows comparing and writing, with its code."""
    opened = people.open_case(organisation)
    with tenancy.organisation(organisation.pk):
        for purpose in ("hash_match", "notify"):
            consents.give(opened.case, purpose, "survivor", now)
    return opened


@pytest.fixture
def her(opened: Any) -> Client:
    return people.entered(opened.access_code)


@pytest.fixture
def world(organisation: Any, now: Any, monkeypatch: pytest.MonkeyPatch) -> Any:
    """A case with one of everything she can see."""
    monkeypatch.setenv("EFFACE_QUIET_MAIL_FROM", "post@plain.example")
    opened = people.open_case(organisation, name="Subject A")
    case = opened.case
    with tenancy.organisation(organisation.pk):
        Case.objects.filter(pk=case.pk).update(level="attested")
        for purpose in ("hash_match", "copy_match", "text_search", "notify"):
            consents.give(case, purpose, "survivor", now)
        for number in range(7):
            people.make_match(case, kind="face", score=0.71, state="asked", page=f"https://pictures.example/q/{number}")
        answered = people.make_match(case, state="asked", page="https://pictures.example/answered")
        deciding.answer(answered, "not-me", "unknown", "survivor", now)
        later = people.make_match(case, state="asked", page="https://pictures.example/later")
        revising.put_off([later], "survivor", now)
        finding = people.make_finding(case)
        people.make_notice(finding, state="sent", sent_at=now)
        people.make_check(finding)
        people.make_finding(case, age="unknown", kind="face", page="https://pictures.example/p/3")
        people.make_finding(case, state="gone-confirmed", page="https://pictures.example/p/4")
        events.record(case, "finding.reappeared", "engine", subject=finding.pk, now=now, episode=2)
        naming.add(case, "handle", "quietlake_94", "survivor", now)
        own.add(case, "https://example.org/her", "survivor", now)
        first = messages.write(case, from_survivor=True, author="survivor", text="Is it there?", now=now,
                               topic="question")  # fmt: skip
        messages.write(case, from_survivor=True, author="survivor", text="Another thing", now=now, topic="worry")
        messages.write(case, from_survivor=False, author="caseworker:1", text="Not any more.", now=now, about=first)
        link = links.report(case, "https://pictures.example/" + "very-long-" * 20, "survivor", now)
        ReportedLink.objects.filter(pk=link.pk).update(handled_at=now, outcome="no answer")
        links.report(case, "https://pictures.example/next", "survivor", now)
        held = reaching.Rules(channel="mail", to="someone@mail-box.example", from_hour=18, to_hour=20)
        reaching.set_rules(case, held, "survivor", now)
        telling.tell(case, "returned", finding.pk, now)
    return opened


@pytest.fixture
def house(organisation: Any) -> Any:
    """An organisation where survivors open their cases by themselves."""
    with role("efface_owner"):
        Organisation.objects.filter(pk=organisation.pk).update(opens_herself=True)
    return organisation
