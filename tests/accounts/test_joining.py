"""Invitations and ways back: once, for three days, and to case contents only with a lead's word. Roles, leaving."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client

from efface.accounts import audit, feeds, joining, knocking, managing, second
from efface.accounts.models import AuditEntry, Invitation, Member, User
from efface.cases.models import Case
from efface.engine.base import clock, tenancy
from tests import people
from tests.accounts import doors
from tests.conftest import NOON

pytestmark = pytest.mark.django_db
NEW = {"email": "new@desk.example", "name": "New One"}


def link_on(page: Any) -> str:
    found = re.search(r'data-fact="link"[^>]*>http://testserver(/console/invitation/[\w-]+/)<', page.content.decode())
    assert found, page.content.decode()[:3000]
    return found[1]


@pytest.fixture
def team(organisation: Any, now: Any) -> dict[str, Any]:
    return {role: people.worker(organisation, role) for role in
            ("coordinator", "lead", "caseworker", "operator", "auditor")}  # fmt: skip


def invite(by: Any, role: str, **more: str) -> Any:
    return people.signed_in(by).post("/console/members/invite/", NEW | {"role": role} | more)


def come_in(link: str, password: str = people.PASSWORD) -> tuple[Client, Any]:
    client = Client()
    return client, client.post(link, {"name": "New One", "password": password, "again": password})


def member_of(user: Any, organisation: Any) -> Member:
    with tenancy.organisation(organisation.pk):
        return Member.objects.select_related("user").get(user=user)


def test_a_lead_invites_a_caseworker_who_comes_in(team: Any, organisation: Any) -> None:
    link = link_on(invite(team["lead"], "caseworker"))
    page = Client().get(link)
    assert b"Example Helpline invites you as caseworker" in page.content and b"new@desk.example" in page.content
    client, done = come_in(link)
    assert done.headers["Location"] == doors.SET_UP
    assert client.get("/console/queue/").headers["Location"] == doors.SET_UP, "no case before the second step"
    doors.enrol(client)
    assert client.get("/console/queue/").status_code == 200
    used = Client().get(link)
    assert used.status_code == 410 and b"works once" in used.content
    assert come_in(link)[1].status_code == 410
    with tenancy.organisation(organisation.pk):
        actions = list(AuditEntry.objects.values_list("action", flat=True))
        assert actions == ["invitation.made", "member.joined", "second_step.app"]
        assert audit.verify(organisation.pk) == []


def test_the_link_is_kept_as_a_digest_only(team: Any, organisation: Any) -> None:
    token = link_on(invite(team["lead"], "lead")).rstrip("/").rsplit("/", 1)[1]
    with tenancy.organisation(organisation.pk):
        assert token not in str(list(Invitation.objects.values()))


@pytest.mark.parametrize("role", ["caseworker", "lead", "investigator"])
def test_a_coordinators_invitation_to_cases_waits_for_a_lead(team: Any, organisation: Any, role: str) -> None:
    link = link_on(invite(team["coordinator"], role))
    waiting = Client().get(link)
    assert waiting.status_code == 410 and b"has to agree first" in waiting.content
    assert come_in(link)[1].status_code == 410
    with tenancy.organisation(organisation.pk):
        row = Invitation.objects.get()
    answer = f"/console/members/invitations/{row.pk}/"
    people.signed_in(team["coordinator"]).post(answer, {"choice": "agree"})
    assert Client().get(link).status_code == 410, "not by the one who made it"
    people.signed_in(team["lead"]).post(answer, {"choice": "agree"})
    assert come_in(link)[1].status_code == 302


def test_the_first_lead_needs_nobody(organisation: Any, now: Any) -> None:
    coordinator = people.worker(organisation, "coordinator")
    assert come_in(link_on(invite(coordinator, "lead")))[1].status_code == 302


@pytest.mark.parametrize(
    ("by", "role", "may"),
    [("lead", "coordinator", False), ("lead", "auditor", False), ("lead", "investigator", True),
     ("operator", "caseworker", False), ("operator", "lead", False), ("operator", "coordinator", True),
     ("coordinator", "operator", True), ("coordinator", "survivor", False), ("coordinator", "", False)],
)  # fmt: skip
def test_who_invites_whom(team: Any, by: str, role: str, may: bool) -> None:
    answer = invite(team[by], role)
    assert (answer.status_code == 200) == may, answer.content


def test_bad_input_says_what_to_do(team: Any) -> None:
    assert b"e-mail address" in invite(team["lead"], "lead", email="not one").content
    assert b"Please give a name" in invite(team["lead"], "lead", name=" \x00 ").content
    assert b"has an account already" in invite(team["lead"], "lead", email=team["auditor"].email.upper()).content
    assert b'value="new@desk.example"' in invite(team["lead"], "lead", name="").content, "what was typed stays"


def test_passwords_that_are_too_weak_are_refused(team: Any) -> None:
    link = link_on(invite(team["lead"], "caseworker"))
    for bad in ("", "short", "password1234", "123456789012", "new@desk.example"):
        assert come_in(link, bad)[1].status_code == 422, bad
    assert b"not the same" in Client().post(link, {"name": "x", "password": people.PASSWORD, "again": "y"}).content
    assert come_in(link)[1].status_code == 302


def test_a_link_ends_by_itself_and_can_be_taken_back(team: Any, organisation: Any) -> None:
    link = link_on(invite(team["lead"], "caseworker"))
    with clock.fixed(NOON + joining.LASTS + timedelta(seconds=1)):
        assert b"has expired" in Client().get(link).content
    second_link = link_on(invite(team["lead"], "caseworker"))
    assert b"not valid" in Client().get(link).content, "a second invitation of the same person replaces the first"
    with tenancy.organisation(organisation.pk):
        row = Invitation.objects.get(ended_at=None)
    people.signed_in(team["lead"]).post(f"/console/members/invitations/{row.pk}/", {"choice": "end"})
    assert Client().get(second_link).status_code == 410
    assert Client().get("/console/invitation/" + "x" * 43 + "/").status_code == 410
    assert Client().get("/console/invitation/" + "x" * 500 + "/").status_code == 410


def test_guessing_links_has_to_wait(organisation: Any, now: Any) -> None:
    answers = [Client().get(f"/console/invitation/{'x' * 40}{n}/").status_code for n in range(22)]
    assert answers[:20] == [410] * 20 and answers[20] == 429


def test_a_way_back_replaces_password_and_second_step(team: Any, organisation: Any) -> None:
    lost = people.worker(organisation, "caseworker", password=people.PASSWORD)
    old, key, paper = doors.enrolled(lost)
    row = member_of(lost, organisation)
    for _ in range(knocking.ACCOUNT.size + 1):
        doors.password(Client(), lost.email, "wrong")
    assert b"has to wait" in people.signed_in(team["lead"]).get("/console/members/").content
    link = link_on(people.signed_in(team["lead"]).post(f"/console/members/{row.pk}/", {"choice": "back"}))
    assert old.get("/console/queue/").status_code == 200, "nothing ends before the link is used"
    client, done = come_in(link, "quite another pass phrase")
    assert done.headers["Location"] == doors.SET_UP
    assert old.get("/console/queue/").status_code == 302
    assert not second.is_right(lost, doors.code_of(key)) and not second.is_right(lost, paper[3])
    doors.enrol(client)
    assert client.get("/console/queue/").status_code == 200
    assert User.objects.filter(email=lost.email).count() == 1


def test_a_way_back_made_by_a_coordinator_waits_for_a_lead(team: Any, organisation: Any) -> None:
    """Else whoever manages members could take over an account that reads cases."""
    row = member_of(team["caseworker"], organisation)
    link = link_on(people.signed_in(team["coordinator"]).post(f"/console/members/{row.pk}/", {"choice": "back"}))
    assert b"has to agree first" in Client().get(link).content


def test_somebody_who_knows_them_ends_the_wait(team: Any, organisation: Any) -> None:
    user = people.worker(organisation, "caseworker", password=people.PASSWORD)
    for _ in range(knocking.ACCOUNT.size + 1):
        doors.password(Client(), user.email, "wrong")
    row = member_of(user, organisation)
    lead = people.signed_in(team["lead"])
    assert b"They have to wait" in lead.get(f"/console/members/{row.pk}/").content
    lead.post(f"/console/members/{row.pk}/", {"choice": "in"})
    assert doors.password(Client(), user.email).status_code == 302


def test_a_lost_device_is_shut_out_by_a_lead(team: Any, organisation: Any) -> None:
    theirs = people.signed_in(team["caseworker"])
    theirs.get("/console/queue/")
    row = member_of(team["caseworker"], organisation)
    people.signed_in(team["lead"]).post(f"/console/members/{row.pk}/", {"choice": "out"})
    assert theirs.get("/console/queue/").status_code == 302


def test_who_leaves_hands_over_and_opens_nothing_any_more(team: Any, organisation: Any) -> None:
    leaving, stays = team["caseworker"], people.worker(organisation, "caseworker", "Stays Here")
    cases = [people.open_case(organisation, worker=leaving.pk).case for _ in range(3)]
    theirs = people.signed_in(leaving)
    assert theirs.get("/console/queue/").status_code == 200
    row, to = member_of(leaving, organisation), member_of(stays, organisation)
    with tenancy.organisation(organisation.pk):
        token = feeds.make(row, NOON)
    coordinator = people.signed_in(team["coordinator"])
    page = f"/console/members/{row.pk}/"
    refused = coordinator.post(page, {"choice": "leave"})
    assert refused.status_code == 422 and b"Say who takes them over" in refused.content
    for nobody in ("", "x", str(member_of(team["auditor"], organisation).pk), str(row.pk)):
        assert coordinator.post(page, {"choice": "leave", "to": nobody}).status_code == 422
    assert coordinator.post(page, {"choice": "leave", "to": str(to.pk)}).status_code == 302
    assert theirs.get("/console/queue/").status_code == 302
    assert feeds.member_of(token, frozenset({"caseworker"})) is None
    with tenancy.organisation(organisation.pk):
        assert set(Case.objects.filter(pk__in=[one.pk for one in cases]).values_list("worker", flat=True)) == {stays.pk}
        assert cases[0].caseevents.filter(kind="case.handed_over").count() == 1
        assert not Member.objects.filter(user=leaving).exists()
    leaving.refresh_from_db()
    assert not leaving.is_active and not leaving.has_usable_password()
    # They come back: the same account, nothing of before opens.
    _, done = come_in(link_on(invite(team["lead"], "caseworker", email=leaving.email)))
    assert done.status_code == 302 and User.objects.filter(email=leaving.email).count() == 1


def test_cases_change_hands_while_somebody_is_away(team: Any, organisation: Any) -> None:
    away, stays = team["caseworker"], people.worker(organisation, "caseworker")
    case = people.open_case(organisation, worker=away.pk).case
    row, to = member_of(away, organisation), member_of(stays, organisation)
    lead = people.signed_in(team["lead"])
    assert b"To whom" in lead.get(f"/console/members/{row.pk}/").content
    assert lead.post(f"/console/members/{row.pk}/", {"choice": "hand"}).status_code == 422
    lead.post(f"/console/members/{row.pk}/", {"choice": "hand", "to": str(to.pk)})
    with tenancy.organisation(organisation.pk):
        assert Case.objects.get(pk=case.pk).worker_id == stays.pk


def test_roles_change_and_the_last_lead_stays(team: Any, organisation: Any) -> None:
    lead, worker = member_of(team["lead"], organisation), member_of(team["caseworker"], organisation)
    auditor = member_of(team["auditor"], organisation)
    desk, coordinator = people.signed_in(team["lead"]), people.signed_in(team["coordinator"])
    refused = coordinator.post(f"/console/members/{lead.pk}/", {"choice": "role", "role": "auditor"})
    assert refused.status_code == 422 and b"Nobody else has this role" in refused.content
    assert coordinator.post(f"/console/members/{lead.pk}/", {"choice": "leave"}).status_code == 422
    assert (
        b"given by a lead"
        in coordinator.post(f"/console/members/{auditor.pk}/", {"choice": "role", "role": "lead"}).content
    )
    assert desk.post(f"/console/members/{worker.pk}/", {"choice": "role", "role": "lead"}).status_code == 302
    assert coordinator.post(f"/console/members/{lead.pk}/", {"choice": "role", "role": "auditor"}).status_code == 302
    assert desk.get("/console/queue/").status_code == 403, "the role counts from the next request"
    assert coordinator.post(f"/console/members/{worker.pk}/", {"choice": "role", "role": "survivor"}).status_code == 422


def test_who_holds_cases_keeps_a_role_that_reads_them(team: Any, organisation: Any) -> None:
    people.open_case(organisation, worker=team["caseworker"].pk)
    row = member_of(team["caseworker"], organisation)
    answer = people.signed_in(team["coordinator"]).post(
        f"/console/members/{row.pk}/", {"choice": "role", "role": "auditor"}
    )
    assert answer.status_code == 422 and b"Hand them over first" in answer.content


def test_nobody_manages_their_own_account_here(team: Any, organisation: Any) -> None:
    row = member_of(team["coordinator"], organisation)
    me = people.signed_in(team["coordinator"])
    for choice in ("role", "back", "in", "out", "hand", "leave"):
        assert me.post(f"/console/members/{row.pk}/", {"choice": choice, "role": "lead"}).status_code == 422
    assert me.post(f"/console/members/{row.pk}/", {"choice": "other"}).status_code == 404


def test_another_organisations_members_do_not_exist(team: Any, organisation: Any) -> None:
    other = people.make_organisation("Another Helpline")
    row = member_of(team["caseworker"], organisation)
    stranger = people.signed_in(people.worker(other, "coordinator"))
    assert stranger.get(f"/console/members/{row.pk}/").status_code == 404
    assert stranger.post(f"/console/members/{row.pk}/", {"choice": "leave"}).status_code == 404
    invite(team["coordinator"], "auditor")
    with tenancy.organisation(organisation.pk):
        invitation = Invitation.objects.get()
    stranger.post(f"/console/members/invitations/{invitation.pk}/", {"choice": "end"})
    with tenancy.organisation(organisation.pk):
        assert Invitation.objects.get().ended_at is None
        assert managing.in_hand(row) == {}
