"""News reach a partner in order, signed; a receiver that was away for a week misses nothing."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import connection

from efface.cases import consents, erasing, events
from efface.cases.models import Case
from efface.engine.base import clock, deadlines, tenancy
from efface.engine.base.models import Deadline, Installation
from efface.net.client import FetcherRefused, FetcherUnavailable
from efface.net.protocol import FetchFacts, TellRequest, Told
from efface.partners import casework, delivering, hooks, keys, signing
from efface.partners.models import Hook, News, Partner, PartnerCase
from tests import people
from tests.api.conftest import make_partner
from tests.conftest import NOON, role

pytestmark = pytest.mark.django_db
GIVEN = {"age": "adult", "country": "DE", "language": "en", "acquisition": "unknown", "danger": False}


class Receiver:
    """The partner's side, behind the fetcher: what it answers, and what it heard."""

    def __init__(self) -> None:
        self.answer: Any = 200
        self.heard: list[tuple[TellRequest, bytes]] = []

    def tell(self, request: TellRequest) -> Told:
        if isinstance(self.answer, Exception):
            raise self.answer
        self.heard.append((request, base64.b64decode(request.body_b64)))
        return Told(FetchFacts(request.url, status=self.answer))

    def numbers(self) -> list[int]:
        return [json.loads(body)["number"] for _request, body in self.heard]


@pytest.fixture
def receiver(monkeypatch: pytest.MonkeyPatch) -> Receiver:
    one = Receiver()
    monkeypatch.setattr(delivering, "fetcher", lambda: one)
    return one


@pytest.fixture
def partner(inside: Any, now: Any) -> Partner:
    return make_partner(inside).partner


@pytest.fixture
def hook(partner: Partner) -> Hook:
    return hooks.set_hook(partner, "https://shelter.example/news", "coordinator:x", NOON)[0]


@pytest.fixture
def case(partner: Partner, hook: Hook) -> Case:
    return casework.open_case(partner, GIVEN, NOON)[0].case


def jobs() -> list[dict[str, str]]:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT args FROM procrastinate_jobs WHERE task_name = %s AND status = 'todo' ORDER BY id",
            [delivering.deliver.name],
        )
        return [json.loads(row[0]) if isinstance(row[0], str) else row[0] for row in cursor.fetchall()]


def work() -> None:
    """Do what waits, as a worker would, until nothing does."""
    for _ in range(50):
        waiting = jobs()
        if not waiting:
            return
        with connection.cursor() as cursor, role("efface_owner"):
            cursor.execute("DELETE FROM procrastinate_jobs WHERE task_name = %s", [delivering.deliver.name])
        for args in waiting:
            delivering.deliver(**args)
    raise AssertionError("it never ends")


def later(moment: datetime) -> None:
    with clock.fixed(moment), role("efface_engine"):
        deadlines.fire(moment)
    with clock.fixed(moment):
        work()


def happen(case: Case, times: int) -> None:
    for _ in range(times // 2):
        consents.stop(case, "survivor", NOON)
        consents.resume(case, "survivor", NOON)


def test_news_arrive_signed_and_in_order(hook: Hook, case: Case, receiver: Receiver) -> None:
    happen(case, 4)
    work()
    assert receiver.numbers() == [1, 2, 3, 4]
    request, body = receiver.heard[0]
    secret = hook.secrets[0]
    assert signing.check(secret, request.headers["Efface-Signature"], body, clock.wall())
    assert json.loads(body) == {
        "id": request.headers["Efface-News"], "number": 1, "kind": "case.changed", "at": NOON.isoformat(),
        "case": str(case.pk), "state": "paused",
    }  # fmt: skip


def test_findings_are_told_without_an_address(hook: Hook, case: Case, receiver: Receiver) -> None:
    finding = people.make_finding(case, page="https://pictures.example/p/1")
    events.record(case, "finding.confirmed", "caseworker:x", subject=finding.pk, now=NOON)
    work()
    told = json.loads(receiver.heard[0][1])
    assert (told["kind"], told["finding"], told["state"]) == ("finding.confirmed", str(finding.pk), "live")
    assert b"pictures.example" not in receiver.heard[0][1]


def test_a_receiver_away_for_a_week_hears_everything_in_order(hook: Hook, case: Case, receiver: Receiver) -> None:
    receiver.answer = 503
    happen(case, 6)
    work()
    for hours in range(1, 7 * 24, 3):
        later(NOON + timedelta(hours=hours))
    assert set(receiver.numbers()) == {1}, "none overtakes the first"
    receiver.answer, receiver.heard = 200, []
    later(NOON + timedelta(days=8))
    assert receiver.numbers() == [1, 2, 3, 4, 5, 6]
    assert set(News.objects.values_list("state", flat=True)) == {"told"}


def test_when_it_works_again_other_cases_do_not_wait_for_their_turn(
    hook: Hook, case: Case, partner: Partner, receiver: Receiver
) -> None:
    other = casework.open_case(partner, GIVEN, NOON)[0].case
    receiver.answer = 500
    happen(case, 2)
    happen(other, 2)
    work()
    receiver.answer, receiver.heard = 200, []
    Deadline.objects.filter(kind=delivering.TRY, case_id=other.pk).update(due=NOON + timedelta(days=3))
    later(NOON + timedelta(minutes=2))
    assert sorted(receiver.numbers()) == [1, 1, 2, 2]


def test_after_three_weeks_a_person_decides_and_sends_it_again(hook: Hook, case: Case, receiver: Receiver) -> None:
    receiver.answer = 500
    happen(case, 2)
    work()
    for half_days in range(1, 60):
        later(NOON + timedelta(hours=12 * half_days))
    (line,) = hooks.lines(hook)
    assert line.stuck and line.waiting == 2 and line.answer == "status 500"
    assert not jobs() and not Deadline.objects.filter(kind=delivering.TRY, state="waiting").exists()
    receiver.answer, receiver.heard = 204, []
    assert hooks.resend(hook, "coordinator:x", NOON + timedelta(days=31)) == 2
    work()
    assert receiver.numbers() == [1, 2] and hooks.lines(hook) == []
    assert hooks.resend(hook, "coordinator:x", NOON + timedelta(days=31)) == 0


def test_a_fetcher_that_is_away_costs_no_try(hook: Hook, case: Case, receiver: Receiver) -> None:
    receiver.answer = FetcherUnavailable("down")
    happen(case, 2)
    work()
    assert News.objects.order_by("number")[0].attempts == 0
    receiver.answer = 200
    later(NOON + timedelta(minutes=2))
    assert receiver.numbers() == [1, 2]


def test_what_the_guard_refuses_is_tried_again_and_said(hook: Hook, case: Case, receiver: Receiver) -> None:
    receiver.answer = FetcherRefused("refused", "address not global")
    happen(case, 2)
    work()
    assert hooks.lines(hook)[0].answer == "refused"


def test_a_worker_that_died_in_between_tells_it_again_under_the_same_id(
    hook: Hook, case: Case, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    happen(case, 2)
    settle = delivering.settle
    monkeypatch.setattr(delivering, "settle", lambda *_: None)
    delivering.deliver(organisation=hook.organisation_id, hook=hook.pk, case=case.pk)
    monkeypatch.setattr(delivering, "settle", settle)
    work()
    ids = [json.loads(body)["id"] for _request, body in receiver.heard]
    assert ids[0] == ids[1] and receiver.numbers() == [1, 1, 2]


def test_both_secrets_sign_for_a_week_after_a_rotation(hook: Hook, case: Case, receiver: Receiver) -> None:
    old = hook.secrets[0]
    new = hooks.rotate(hook, "coordinator:x", NOON)
    happen(case, 2)
    work()
    request, body = receiver.heard[0]
    header = request.headers["Efface-Signature"]
    assert signing.check(old, header, body, clock.wall()) and signing.check(new, header, body, clock.wall())
    receiver.heard = []
    with clock.fixed(NOON + timedelta(days=8)):
        happen(case, 2)
        work()
    header, body = receiver.heard[0][0].headers["Efface-Signature"], receiver.heard[0][1]
    assert not signing.check(old, header, body, clock.wall()) and signing.check(new, header, body, clock.wall())


def test_who_does_not_see_the_case_any_more_is_told_nothing(
    hook: Hook, case: Case, partner: Partner, receiver: Receiver
) -> None:
    happen(case, 2)
    casework.end_sight(case, "survivor", NOON)
    work()
    assert receiver.heard == [] and set(News.objects.values_list("state", flat=True)) == {"dropped"}


@pytest.mark.parametrize("ending", ["revoked", "ended"])
def test_nothing_goes_to_an_ended_partner_or_hook(
    ending: str, hook: Hook, case: Case, partner: Partner, receiver: Receiver
) -> None:
    happen(case, 2)
    if ending == "revoked":
        keys.revoke(partner, "coordinator:x", NOON)
    else:
        assert hooks.end(hook, "coordinator:x", NOON)
    work()
    assert receiver.heard == []


def test_an_erased_case_is_told_as_such_and_nothing_more(hook: Hook, case: Case, receiver: Receiver) -> None:
    erasing.erase(case, "survivor", NOON)
    work()
    assert [json.loads(body)["state"] for _request, body in receiver.heard] == ["erased"]


@pytest.mark.parametrize("url", [
    "ftp://x.example/", "https://localhost/", "https://1.2.3.4/x", "https://[::1]/", "https://u:p@x.example/", "x",
    "https://x.example/a b", "https://x.example/#f", "https://x.example:99999/", "https://ü.example/",
    "https://x.example/" + "a" * 600,
])  # fmt: skip
def test_an_address_that_cannot_be_used_is_refused(partner: Partner, url: str) -> None:
    with pytest.raises(hooks.NotSet):
        hooks.set_hook(partner, url, "coordinator:x", NOON)


def test_in_production_news_go_to_https_only(partner: Partner, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Installation, "current", lambda: Installation(kind="production"))
    with pytest.raises(hooks.NotSet, match="https"):
        hooks.set_hook(partner, "http://shelter.example/", "coordinator:x", NOON)


def test_a_moved_hook_gets_what_waited(hook: Hook, case: Case, partner: Partner, receiver: Receiver) -> None:
    receiver.answer = 500
    happen(case, 2)
    work()
    receiver.answer, receiver.heard = 200, []
    moved, _secret = hooks.set_hook(partner, "https://elsewhere.example/", "coordinator:x", NOON)
    assert moved.pk == hook.pk
    work()
    assert receiver.numbers() == [1, 2]
    assert {request.url for request, _body in receiver.heard} == {"https://elsewhere.example/"}


@pytest.mark.parametrize("change", [
    lambda header, body: (header, body + b" "),
    lambda header, body: (header.replace("v1=", "v1=0"), body),
    lambda header, body: ("t=1" + header[header.index(","):], body),
    lambda header, body: ("", body),
    lambda header, body: (header + ",t=5", body),
    lambda header, body: ("t=x,v1=ü", body),
])  # fmt: skip
def test_a_changed_signature_or_body_does_not_hold(change: Callable[[str, bytes], tuple[str, bytes]]) -> None:
    body, header = b'{"a":1}', signing.sign(["secret"], NOON, b'{"a":1}')
    assert signing.check("secret", header, body, NOON + timedelta(seconds=299))
    assert not signing.check("secret", header, body, NOON + timedelta(seconds=301))
    assert not signing.check("secret", *change(header, body), NOON)


def test_no_other_organisation_sees_partners_or_news(organisation: Any, now: Any) -> None:
    with tenancy.organisation(organisation.pk):
        one = make_partner(organisation).partner
        hooks.set_hook(one, "https://shelter.example/news", "coordinator:x", NOON)
        casework.open_case(one, GIVEN, NOON)
    other = people.make_organisation("Another Helpline")
    with tenancy.organisation(other.pk):
        assert not any(model.objects.exists() for model in (Partner, Hook, PartnerCase, News))


class Slow(Receiver):
    """Takes the request and never answers, until it does again."""

    def tell(self, request: TellRequest) -> Told:
        self.heard.append((request, base64.b64decode(request.body_b64)))
        if self.answer == 200:
            return Told(FetchFacts(request.url, status=200))
        return Told(FetchFacts(request.url, error="timeout"))


def test_an_address_that_never_answers_costs_one_try_a_round_however_many_cases_wait(
    hook: Hook, case: Case, partner: Partner, monkeypatch: pytest.MonkeyPatch
) -> None:
    slow = Slow()
    slow.answer = "never"
    monkeypatch.setattr(delivering, "fetcher", lambda: slow)
    cases = [case, *(casework.open_case(partner, GIVEN, NOON)[0].case for _ in range(9))]
    for one in cases:
        happen(one, 2)
    work()
    assert len(slow.heard) == 1
    rounds = []
    for minutes in (2, 8, 25, 90):
        before = len(slow.heard)
        later(NOON + timedelta(minutes=minutes))
        rounds.append(len(slow.heard) - before)
    assert rounds == [1, 1, 1, 1], "and the pauses grow although cases take turns"
    assert len({json.loads(body)["case"] for _request, body in slow.heard}) > 1, "none is held up by one alone"
    slow.answer, slow.heard = 200, []
    for hours in range(3, 60, 3):
        later(NOON + timedelta(hours=hours))
    assert len(slow.heard) == 20 and set(News.objects.values_list("state", flat=True)) == {"told"}
    for one in cases:
        told = [json.loads(body) for _request, body in slow.heard]
        assert [each["number"] for each in told if each["case"] == str(one.pk)] == [1, 2]


def test_a_case_that_alone_is_not_answered_holds_up_no_other(
    hook: Hook, case: Case, partner: Partner, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Choosy(Receiver):
        def tell(self, request: TellRequest) -> Told:
            body = base64.b64decode(request.body_b64)
            self.heard.append((request, body))
            hangs = json.loads(body)["case"] == str(case.pk)
            return Told(FetchFacts(request.url, error="timeout") if hangs else FetchFacts(request.url, status=200))

    monkeypatch.setattr(delivering, "fetcher", lambda: Choosy())
    other = casework.open_case(partner, GIVEN, NOON)[0].case
    happen(case, 2)
    work()
    happen(other, 2)
    work()
    for hours in range(1, 20):
        later(NOON + timedelta(hours=hours))
    assert set(News.objects.filter(case=other).values_list("state", flat=True)) == {"told"}
    assert set(News.objects.filter(case=case).values_list("state", flat=True)) == {"waiting"}


@pytest.mark.parametrize("error", ["timeout", "reset", "too-large", "bad-answer"])
def test_who_said_yes_has_it_whatever_became_of_the_rest_of_the_answer(
    hook: Hook, case: Case, monkeypatch: pytest.MonkeyPatch, error: Any
) -> None:
    heard: list[str] = []

    class Endless:
        def tell(self, request: TellRequest) -> Told:
            heard.append(request.headers["Efface-News"])
            return Told(FetchFacts(request.url, status=200, error=error))

    monkeypatch.setattr(delivering, "fetcher", Endless)
    happen(case, 2)
    work()
    later(NOON + timedelta(days=2))
    assert len(heard) == len(set(heard)) == 2


def test_of_an_expired_key_news_wait_until_it_is_renewed(
    hook: Hook, case: Case, partner: Partner, receiver: Receiver
) -> None:
    Partner.objects.update(expires_at=NOON)
    happen(case, 2)
    work()
    later(NOON + timedelta(days=3))
    assert receiver.heard == [] and set(News.objects.values_list("state", flat=True)) == {"waiting"}
    keys.renew(partner, 30, "coordinator:x", NOON)
    assert delivering.wake(hook, NOON) == 1
    work()
    assert receiver.numbers() == [1, 2]


def test_a_secret_that_was_changed_while_the_receiver_was_away_signs_what_waited(
    hook: Hook, case: Case, receiver: Receiver
) -> None:
    receiver.answer = 503
    happen(case, 2)
    work()
    old, new = hook.secrets[0], hooks.rotate(hook, "coordinator:x", NOON)
    receiver.answer, receiver.heard = 200, []
    later(NOON + timedelta(days=8))
    for request, body in receiver.heard:
        header = request.headers["Efface-Signature"]
        assert signing.check(new, header, body, clock.wall()) and not signing.check(old, header, body, clock.wall())
    assert receiver.numbers() == [1, 2]
