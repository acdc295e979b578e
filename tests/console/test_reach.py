"""How she may be reached, set with her by a worker: only while they speak and she is alone, told, and hers."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from efface.accounts.models import AuditEntry
from efface.cases import reaching
from efface.cases.models import Case, CaseEvent
from efface.engine.base import tenancy
from tests import people

pytestmark = pytest.mark.django_db
FORM = {"channel": "phone", "to": "+49 30 1234567", "from_hour": "18", "to_hour": "20", "days": ["0", "2"],
        "zone": "Europe/Berlin", "words": "date", "reader": "me"}  # fmt: skip


@pytest.fixture
def opened(organisation: Any, now: Any) -> Any:
    return people.open_case(organisation)


@pytest.fixture
def worker(organisation: Any) -> Client:
    return people.signed_in(people.worker(organisation))


def talk(worker: Client, case: Any, *given: tuple[str, str]) -> None:
    url = f"/console/cases/{case.pk}/attest/"
    worker.post(url, {"do": "begin", "way": "video"})
    for step, answer in given:
        worker.post(url, {"do": "answer", "step": step, "given": answer})


ALONE = (("alone", "yes"), ("listening", "no"), ("word", "none"))


def test_only_in_a_conversation_and_after_she_said_that_she_is_alone(opened: Any, worker: Client) -> None:
    url = f"/console/cases/{opened.case.pk}/reach/"
    assert worker.get(url).status_code == 403 and worker.post(url, FORM).status_code == 403
    for n in range(len(ALONE)):
        talk(worker, opened.case, *ALONE[:n])
        assert worker.post(url, FORM).status_code == 403, ALONE[:n]
    talk(worker, opened.case, *ALONE)
    assert worker.get(url).status_code == 200
    worker.post(f"/console/cases/{opened.case.pk}/attest/", {"do": "end"})
    assert worker.post(url, FORM).status_code == 403


def test_it_counts_is_told_to_her_and_is_hers_to_change(opened: Any, worker: Client, organisation: Any) -> None:
    talk(worker, opened.case, *ALONE)
    url = f"/console/cases/{opened.case.pk}/reach/"
    bad = worker.post(url, {**FORM, "to": "nobody"})
    assert bad.status_code == 422 and "nobody" in bad.content.decode(), "what was typed is not lost"
    assert worker.post(url, FORM).status_code == 302
    with tenancy.organisation(organisation.pk):
        case = Case.objects.get(pk=opened.case.pk)
        held = reaching.rules(case)
        assert (held.channel, held.to, held.from_hour) == ("phone", FORM["to"], 18)
        assert held.set_with.startswith("caseworker:")
        assert CaseEvent.objects.filter(case=case, kind="contact.set_with").count() == 1
        assert AuditEntry.objects.filter(action="contact.set_with").count() == 1
    assert "1234567" not in worker.get(f"/console/cases/{opened.case.pk}/").content.decode()
    assert "1234567" not in worker.get(url).content.decode(), "and it is not shown a second time"
    her = people.entered(opened.access_code)
    page = her.get("/case/contact/").content.decode()
    assert 'data-fact="set-with"' in page and "1234567" in page
    assert "You set with a worker" in her.get("/case/timeline/").content.decode()
    her.post("/case/contact/told/", {"pace": "1"})
    assert 'data-fact="set-with"' in her.get("/case/contact/").content.decode(), "that was another question"
    assert her.post("/case/contact/", {**FORM, "channel": "portal"}).status_code == 302
    assert 'data-fact="set-with"' not in her.get("/case/contact/").content.decode()


def test_another_worker_and_another_case_have_no_such_page(opened: Any, worker: Client, organisation: Any) -> None:
    talk(worker, opened.case, *ALONE)
    other = people.signed_in(people.worker(organisation))
    assert other.post(f"/console/cases/{opened.case.pk}/reach/", FORM).status_code == 403
    case = people.open_case(organisation).case
    assert worker.post(f"/console/cases/{case.pk}/reach/", FORM).status_code == 403
