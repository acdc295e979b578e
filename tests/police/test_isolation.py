"""An investigator sees referred cases and nothing else: in the database itself, as the application's own role."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.apps import apps
from django.db import DatabaseError, connection, models, transaction

from efface.cases.models import Case, Message
from efface.engine.base import rows, tenancy
from efface.engine.base.models import CaseKey, Deadline
from efface.evidence.models import Pack, Question, Referral, ReferralPack
from efface.evidence.referrals import referring, room
from efface.search.models import Finding
from tests.police.conftest import order

pytestmark = pytest.mark.django_db
OF_CASES = [model for model in apps.get_models() if getattr(model, "case_column", "")]
READ = {"Case", "CaseKey", "Finding", "Capture", "Fact", "Pack", "ReferralPack", "Question", "PoliceRequest"}


def as_officer(scene: Any, user: Any, now: Any, case: Any = None) -> Any:
    class Inside:
        def __enter__(self) -> None:
            self.one = tenancy.investigator(scene.organisation.pk, user.pk, now)
            self.one.__enter__()
            self.two = tenancy.organisation(scene.organisation.pk, case.pk if case else None)
            self.two.__enter__()

        def __exit__(self, *more: Any) -> None:
            self.two.__exit__(*more)
            self.one.__exit__(*more)

    return Inside()


def test_what_may_be_read_is_a_short_list() -> None:
    assert {model.__name__ for model in OF_CASES if model.police_may} == READ  # type: ignore[attr-defined]
    assert len(OF_CASES) > 40


@pytest.mark.parametrize("model", [pytest.param(one, id=one._meta.db_table) for one in OF_CASES])
def test_of_another_case_no_row_is_seen(model: type[models.Model], scene: Any, now: Any) -> None:
    """Also where the application itself would open the wrong case: the database knows the referral."""
    column = model.case_column  # type: ignore[attr-defined]
    for case in (None, scene.other):
        with as_officer(scene, scene.officer, now, case):
            assert not model._default_manager.exclude(**{column: scene.case.pk}).exists()
    with as_officer(scene, scene.stranger, now, scene.case):
        assert not model._default_manager.exists()


def test_their_own_case_is_seen_and_only_what_was_opened(scene: Any, now: Any) -> None:
    with tenancy.organisation(scene.organisation.pk):
        Message.objects.create(organisation=scene.organisation, case=scene.case, from_survivor=True, author="survivor",
                               at=now, text="for my worker")  # fmt: skip
    with as_officer(scene, scene.officer, now):
        assert [one.pk for one in Case.objects.all()] == [scene.case.pk]
        assert [one.pk for one in Finding.objects.all()] == [scene.finding.pk]
        assert [one.pk for one in Referral.objects.all()] == [scene.referral.pk]
        assert CaseKey.objects.count() == 1
        assert not Message.objects.exists() and not Deadline.objects.exists()


def test_the_moment_it_ends_nothing_is_seen(scene: Any, now: Any) -> None:
    last = scene.referral.until
    with as_officer(scene, scene.officer, last - timedelta(seconds=1)):
        assert Finding.objects.count() == 1
    with as_officer(scene, scene.officer, last):
        assert not Finding.objects.exists() and not Referral.objects.exists() and not CaseKey.objects.exists()


def test_without_the_setting_everything_is_there(scene: Any, now: Any) -> None:
    """So the tests above can fail: a door that forgets to say whose transaction it is shows all cases."""
    with tenancy.organisation(scene.organisation.pk):
        assert Finding.objects.count() == 2
    assert "investigator" in rows.rule_for(Message) and "evidence_referral" in rows.rule_for(Finding)


def test_no_row_of_a_case_is_written(scene: Any, now: Any) -> None:
    with as_officer(scene, scene.officer, now):
        assert not Finding.objects.update(stopped="x") and not Case.objects.update(danger=True)
        with connection.cursor() as cursor:
            cursor.execute("DELETE FROM search_finding")
            assert cursor.rowcount == 0
    with pytest.raises(DatabaseError), transaction.atomic(), as_officer(scene, scene.officer, now):
        Question.objects.create(organisation=scene.organisation, case=scene.case, referral=scene.referral,
                                from_police=True, by="x", at=now)  # fmt: skip


def test_a_pack_for_somebody_else_is_not_there(scene: Any, now: Any) -> None:
    def pack(of: str) -> Pack:
        return Pack.objects.create(organisation=scene.organisation, case=scene.case, made_for=of, key="age1x",
                                   asked_by="x", asked_at=now, until=now + timedelta(days=1))  # fmt: skip

    with tenancy.organisation(scene.organisation.pk):
        pack("lawyer")
        theirs = pack("police")
        ReferralPack.objects.create(
            organisation=scene.organisation, case=scene.case, referral=scene.referral, pack=theirs
        )
    with as_officer(scene, scene.officer, now):
        assert [one.pk for one in Pack.objects.all()] == [theirs.pk]


def test_two_officers_of_one_case_do_not_see_each_other(scene: Any, now: Any) -> None:
    with tenancy.organisation(scene.organisation.pk):
        second = referring.refer(scene.case, order(scene.stranger), "lead:x", now)
    with as_officer(scene, scene.officer, now):
        room.ask(Referral.objects.select_related("case").get(), "Which platform was it?", now)
    with as_officer(scene, scene.stranger, now):
        assert not Question.objects.exists() and [one.pk for one in Referral.objects.all()] == [second.pk]
