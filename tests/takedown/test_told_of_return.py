"""A return of what was gone tells her: once, by the way she chose, in words that say nothing; also where the crawl says
it first and a check says it again."""

from __future__ import annotations

import pytest

from efface.cases import events, reaching
from efface.cases.models import Telling
from efface.search.models import Finding
from efface.takedown import verifying
from tests.casework import make_finding
from tests.conftest import NOON
from tests.takedown.conftest import Office

pytestmark = pytest.mark.django_db
TO = "someone@mail-box.example"


@pytest.fixture
def gone(office: Office, monkeypatch: pytest.MonkeyPatch) -> Finding:
    monkeypatch.setenv("EFFACE_QUIET_MAIL_FROM", "post@plain.example")
    finding = make_finding(office.case)
    Finding.objects.filter(pk=finding.pk).update(state="gone-confirmed", gone_at=NOON)
    finding.refresh_from_db()
    return finding


def by_mail(office: Office) -> None:
    reaching.set_rules(
        office.case, reaching.Rules(channel="mail", to=TO, from_hour=0, to_hour=0), "survivor", NOON
    )  # fmt: skip


def to_her(office: Office) -> list[str]:
    return [str(mail["Subject"]) for (_, to, _), mail in zip(office.desk.got, office.desk.messages(), strict=True)
            if to == TO]  # fmt: skip


def test_the_crawl_and_the_check_are_one_word(office: Office, gone: Finding) -> None:
    by_mail(office)
    events.record(office.case, "finding.reappeared", "engine", subject=gone.pk, now=NOON, seen_by="crawl")
    gone.refresh_from_db()
    assert gone.state == "reappeared" and gone.episode == 2
    assert not verifying.came_back(gone, NOON, "seen by a check")
    office.work()
    assert to_her(office) == ["Reminder"]
    assert [(row.occasion, row.state) for row in Telling.objects.all()] == [("returned", "sent")]


def test_every_return_is_told_of_anew(office: Office, gone: Finding) -> None:
    by_mail(office)
    for _number in range(2):
        assert verifying.came_back(gone, NOON, "seen by a check")
        office.work()
        Finding.objects.filter(pk=gone.pk).update(state="gone-confirmed", gone_at=NOON)
        gone.refresh_from_db()
    assert to_her(office) == ["Reminder", "Reminder"]


def test_what_was_not_certainly_gone_is_no_return(office: Office, gone: Finding) -> None:
    by_mail(office)
    Finding.objects.filter(pk=gone.pk).update(state="live", gone_at=None)
    events.record(office.case, "finding.reappeared", "engine", subject=gone.pk, now=NOON, seen_by="crawl")
    office.work()
    assert to_her(office) == [] and not Telling.objects.exists()


def test_without_a_choice_of_hers_nothing_goes_out(office: Office, gone: Finding) -> None:
    assert verifying.came_back(gone, NOON, "seen by a check")
    office.work()
    assert to_her(office) == [] and Telling.objects.get().state == "here"
