"""An investigator sees referred cases and nothing else: in the database itself, as the application's own role."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.apps import apps
from django.db import DatabaseError, connection, models, transaction

from efface.accounts import audit, demands, devices
from efface.accounts.models import AuditEntry, Member, SignIn, User
from efface.cases.models import Case, Message
from efface.engine.base import age, rows, tenancy
from efface.engine.base.models import CaseKey, Deadline
from efface.evidence.models import InvestigatorKey, Pack, Question, Referral, ReferralPack
from efface.evidence.referrals import referring, room
from efface.search.models import Finding
from tests.police.conftest import order

pytestmark = pytest.mark.django_db
OF_CASES = [model for model in apps.get_models() if getattr(model, "case_column", "")]
OF_HOUSES = [
    model for model in apps.get_models(include_auto_created=True)
    if not getattr(model, "case_column", "") and (rows._owned(model) or getattr(model, "tenant_or_global", False))
]  # fmt: skip
OF_NOBODY = [model for model in apps.get_models(include_auto_created=True) if model not in (*OF_CASES, *OF_HOUSES)]
READ_OWN = {"Member", "SignIn", "Unsent", "InvestigatorKey", "User"}
"""Their own rows of what belongs to no case: who they are, where they are signed in, what they typed, their key."""
OPEN = {
    "accounts.Organisation": "names and addresses of houses stand in every letter",
    "engine.Installation": "kind and clock of the installation", "engine.Lease": "who works on what site",
    "engine.Bucket": "how full a limit is, by keyed digest", "engine.Worker": "processes and hosts",
    "cases.ComparedDay": "how many of all were compared on a day",
    "sites.Network": "public facts of sites", "sites.Site": "public facts of sites",
    "sites.SiteChange": "public facts of sites", "sites.ContactObservation": "public facts of sites",
    "sites.Delivery": "how desks behaved", "sites.Asked": "how desks behaved", "sites.FactsKey": "public keys of facts",
    "sites.FactsImport": "public facts of sites", "sites.Evidence": "public facts of sites",
    "sites.NetworkEdge": "public facts of sites", "sites.NetworkRules": "public facts of sites",
    "sites.NetworkWord": "public facts of sites", "sites.Membership": "public facts of sites",
    "search.Frontier": "addresses of no case, sealed with the installation's key",
    "search.SiteList": "addresses of no case, sealed with the installation's key",
    "search.SiteLore": "public facts of sites", "search.SiteRule": "how a site is visited",
    "search.Media": "fingerprints of what was met, of no case", "search.SiteStop": "why a site is not visited",
    "search.Sighting": "addresses of no case, sealed with the installation's key",
    "takedown.Outcome": "how desks behaved, of no case",
}
"""Tables that belong to nobody: what an investigator's transaction could read there at SQL level, and why that is
bearable. None of them names a case; what joins them to one (``Match``, ``Finding``) is shut."""
LIBRARIES = {"auth", "contenttypes", "sessions", "account", "mfa", "procrastinate"}

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


def test_what_belongs_to_no_case_is_their_own_or_nothing() -> None:
    opened = {one.__name__ for one in (*OF_HOUSES, *OF_NOBODY) if getattr(one, "police_may", "")}
    assert opened == READ_OWN and len(OF_HOUSES) > 30


def test_every_table_of_nobody_is_listed_with_a_reason() -> None:
    """A new one is read by investigators as soon as it is there: whoever adds it says here why it may."""
    found = {one._meta.label for one in OF_NOBODY if one._meta.app_label not in LIBRARIES} - {"accounts.User"}
    assert found == set(OPEN)
    for model in OF_NOBODY:
        assert not any(one.name in ("case", "case_id") for one in model._meta.get_fields()), model._meta.label


def count(model: type[models.Model]) -> int:
    with connection.cursor() as cursor:
        cursor.execute(f'SELECT count(*) FROM "{model._meta.db_table}"')
        found: int = cursor.fetchone()[0]
    return found


def filled(scene: Any, now: Any) -> set[str]:
    """The house has rows in these: of a table without rows nothing could be seen to be shut."""
    house = scene.organisation
    officer, lead = (Member.objects.get(user=one) for one in (scene.officer, scene.lead))
    demands.note(lead, demands.Asked("the police", "a case", "§ 95 StPO", now.date()), now)
    devices.begin(officer, "officers-session", "Firefox", now)
    devices.begin(lead, "leads-session", "Firefox", now)
    room.give_key(house.pk, scene.officer.pk, age.new_identity()[1], False, now)
    room.give_key(house.pk, scene.stranger.pk, age.new_identity()[1], False, now)
    return {"LegalDemand", "SignIn", "InvestigatorKey", "Member", "AuditEntry", "AuditHead", "Deadline"}


@pytest.mark.parametrize("model", [pytest.param(one, id=one._meta.db_table) for one in OF_HOUSES])
def test_of_the_house_nothing_is_seen_but_what_is_theirs(model: type[models.Model], scene: Any, now: Any) -> None:
    with tenancy.organisation(scene.organisation.pk):
        names = filled(scene, now)
        if model.__name__ in names:
            assert count(model), "the house has rows there"
    with as_officer(scene, scene.officer, now):
        assert count(model) == (1 if model.__name__ in READ_OWN & names else 0)


@pytest.mark.parametrize("model", [pytest.param(one, id=one._meta.db_table) for one in (*OF_CASES, *OF_HOUSES)])
def test_nothing_is_written_not_even_their_own(model: type[models.Model], scene: Any, now: Any) -> None:
    """By the rules in the database, for each verb of each table."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT policyname, COALESCE(qual, with_check) FROM pg_policies WHERE tablename = %s AND "
            "permissive = 'RESTRICTIVE' ORDER BY 1", [model._meta.db_table],
        )  # fmt: skip
        found = cursor.fetchall()
    assert [one for one, _ in found] == ["police_delete", "police_insert", "police_update"]
    assert all("efface.investigator" in rule and "IS NULL" in rule for _, rule in found)


def test_their_own_session_and_key_cannot_be_changed_by_the_page_itself(scene: Any, now: Any) -> None:
    with tenancy.organisation(scene.organisation.pk):
        filled(scene, now)
    with as_officer(scene, scene.officer, now):
        assert not InvestigatorKey.objects.update(key="age1x") and not SignIn.objects.update(ended_at=now)
        assert not Member.objects.update(role="lead") and not User.objects.exclude(pk=scene.officer.pk).exists()
        assert devices.end_all(Member.objects.get(), "investigator:x", now) == 1, "through its own door"
    with tenancy.organisation(scene.organisation.pk):
        assert SignIn.objects.filter(ended_at=None).count() == 1 and audit.verify(scene.organisation.pk) == []


def test_the_chain_is_written_and_not_read(scene: Any, now: Any) -> None:
    with as_officer(scene, scene.officer, now):
        referring.seen(scene.referral, "case", now)
        assert not AuditEntry.objects.exists()
        assert tenancy._investigates.get(), "and afterwards it is their transaction again"
    with tenancy.organisation(scene.organisation.pk):
        assert [one.action for one in referring.views(scene.referral)] == ["referral.seen.case"]


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
