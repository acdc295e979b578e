"""The same face in two cases, also of two organisations; faces that were blocked; how much was compared on a day."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection, transaction

from efface.cases import consents, guarding
from efface.cases.active import Active
from efface.cases.models import Case, ComparedDay, FaceAlarm, Fingerprint
from efface.engine.base import tenancy
from efface.net.protocol import Face, to_wire
from efface.search import blocking
from efface.search.matcher import same
from efface.search.matcher.client import MatcherUnavailable
from efface.search.matcher.hits import Blocked
from efface.search.matcher.holding import Holding
from efface.search.matcher.index import Bounds, Index
from efface.search.matcher.memory import Memory
from efface.search.matcher.server import Server
from tests import people
from tests.conftest import NOON, make_organisation, role
from tests.search.scene import make_case

MODEL = "m@sha256:1"
BOUNDS = {MODEL: Bounds(0.55, 0.6)}
HERS, NEAR, OTHER = [1.0, 0.0, 0.0], [0.9, 0.43, 0.0], [0.0, 0.0, 1.0]


def face(case: Case, vector: list[float], photos: int = 3) -> Fingerprint:
    row = Fingerprint(organisation_id=case.organisation_id, case=case, kind="face", age="adult", created=NOON)
    row.value = {"model": MODEL, "vector": vector, "photos": photos}
    row.save()
    return row


def searching(organisation: Any, vector: list[float]) -> Case:
    case = make_case(organisation, NOON, level="attested")
    face(case, vector)
    return case


def blocking_case(organisation: Any, vector: list[float]) -> Case:
    case = make_case(organisation, NOON, level="attested")
    Case.objects.filter(pk=case.pk).update(kind="block")
    case.refresh_from_db()
    consents.give(case, "block_face", "survivor", NOON)
    face(case, vector)
    return case


@pytest.fixture
def two(organisation: Any) -> tuple[Any, Any]:
    return people.permit_faces(organisation), people.permit_faces(make_organisation("Another Helpline"))


@pytest.fixture
def holding(now: Any) -> Iterator[Holding]:
    made = Holding(Memory())
    made.index = Index([], BOUNDS)
    yield made


def follow(holding: Holding) -> int:
    """What the matcher's process does between two notifications."""
    with role("efface_engine"):
        holding.load()
        count = same.tell(holding.index.same_faces(), NOON)
        holding.load()
    return count


def alarms(organisation: Any) -> list[tuple[uuid.UUID, str]]:
    with tenancy.organisation(organisation.pk):
        return list(FaceAlarm.objects.order_by("case_id").values_list("case_id", "kind"))


def test_both_leads_are_told_and_neither_learns_of_the_other(two: tuple[Any, Any], holding: Holding) -> None:
    first, second = two
    with tenancy.organisation(first.pk):
        hers = searching(first, HERS)
        searching(first, OTHER)
    assert follow(holding) == 0 and holding.index.faces == 2
    with tenancy.organisation(second.pk):
        also = searching(second, NEAR)
    assert follow(holding) == 2
    assert (alarms(first), alarms(second)) == ([(hers.pk, "same")], [(also.pk, "same")])
    assert holding.index.faces == 1, "neither is compared until a lead has decided"
    with tenancy.organisation(first.pk):
        row = FaceAlarm.objects.get()
        told = {name: str(value) for name, value in row.__dict__.items()}
        assert not [name for name, value in told.items() if str(also.pk) in value or str(second.pk) in value]
        guarding.decide(row, "goes-on", "she came to two desks", "lead:1", NOON)
    assert follow(holding) == 0
    assert holding.index.cases() >= {hers.pk} and also.pk not in holding.index.cases()


def test_strangers_who_are_alike_and_one_persons_own_templates_are_no_alarm(two: Any, holding: Holding) -> None:
    first, second = two
    with tenancy.organisation(first.pk):
        case = searching(first, HERS)
        face(case, HERS)
    with tenancy.organisation(second.pk):
        searching(second, [0.59, (1 - 0.59**2) ** 0.5, 0.0])
    assert follow(holding) == 0 and alarms(first) == alarms(second) == []


def test_the_same_two_are_told_once(two: Any, holding: Holding) -> None:
    first, second = two
    for organisation in two:
        with tenancy.organisation(organisation.pk):
            searching(organisation, HERS)
    follow(holding)
    for organisation in two:
        with tenancy.organisation(organisation.pk):
            guarding.decide(FaceAlarm.objects.get(), "goes-on", "known", "lead:1", NOON)
    again = Holding(Memory())
    again.index = Index([], BOUNDS)
    follow(again)
    assert again.index.faces == 2 and len(alarms(first)) == len(alarms(second)) == 1
    with tenancy.organisation(first.pk):
        assert not FaceAlarm.objects.filter(outcome="").exists()


def test_a_block_that_comes_later_stops_the_search_that_runs(two: Any, holding: Holding) -> None:
    first, second = two
    with tenancy.organisation(first.pk):
        stalker = searching(first, HERS)
    follow(holding)
    with tenancy.organisation(second.pk):
        victim = blocking_case(second, NEAR)
    follow(holding)
    assert (alarms(first), alarms(second)) == ([(stalker.pk, "blocked")], [(victim.pk, "blocked")])
    assert holding.index.faces == 0 and holding.index.blocked == 1, "the block itself goes on"


def test_a_blocked_face_finds_nobody(two: Any, holding: Holding) -> None:
    first, _second = two
    with tenancy.organisation(first.pk):
        blocking_case(first, HERS)
    follow(holding)
    server = Server(holding)
    shown = to_wire(Face([0.1, 0.1, 0.2, 0.2], 0.99, 0.9, 90, HERS, MODEL))
    server.pushed({"token": "t", "url": "u", "sha256": "", "faces": [shown]})
    answer = server.asked({"op": "compare", "body": {"token": "t", "media": [{"url_digest": "u"}]}})
    assert answer["body"]["hits"] == []


@pytest.mark.parametrize(
    ("vector", "model", "said"),
    [(NEAR, MODEL, Blocked(True, True)), (OTHER, MODEL, Blocked(True, False)), (HERS, "other", Blocked(False))],
)  # fmt: skip
def test_the_answer_is_yes_or_no_and_says_nothing_of_whose(vector: list[float], model: str, said: Blocked) -> None:
    holding = Holding(Memory())
    row = Active(uuid.uuid4(), uuid.uuid4(), uuid.uuid4(), "blocked", {"model": MODEL, "vector": HERS, "photos": 3})
    holding.index = Index([row], BOUNDS)
    answer = Server(holding).asked({"op": "blocked", "body": {"model": model, "vector": vector}})
    assert answer == {"ok": True, "body": {"known": said.known, "blocked": said.blocked}}
    assert not Server(holding).asked({"op": "blocked", "body": {"model": 5}})["ok"]
    holding.index.replace([])
    assert not holding.index.is_blocked(MODEL, HERS), "a block that ended"


def test_without_an_answer_no_face_is_enrolled(monkeypatch: pytest.MonkeyPatch) -> None:
    class Silent:
        def __init__(self, *_: Any) -> None: ...

        def blocked(self, *_: Any) -> Blocked:
            raise MatcherUnavailable("nobody")

    monkeypatch.setattr(blocking, "Matcher", Silent)
    with pytest.raises(guarding.CannotAsk):
        blocking.is_blocked(MODEL, HERS)
    monkeypatch.setattr(Silent, "blocked", lambda *_: Blocked(False))
    with pytest.raises(guarding.CannotAsk, match="thresholds"):
        blocking.is_blocked(MODEL, HERS)
    assert blocking.is_blocked in guarding._asked, "it is asked in an installation"


@pytest.mark.django_db
def test_how_much_was_compared_is_added_up_by_day(now: Any) -> None:
    holding = Holding(Memory())
    holding.index = Index([], BOUNDS)
    server = Server(holding)
    for _ in range(3):
        server.asked({"op": "compare", "body": {"media": [{"url_digest": "u"}, {"url_digest": "v"}]}})
    server.pushed({"token": "t", "faces": [to_wire(Face([0.1, 0.1, 0.2, 0.2], 0.9, 0.9, 90, HERS, MODEL))]})
    with role("efface_engine"):
        holding.tally.write(NOON)
        holding.tally.write(NOON)
        holding.tally.add(pictures=4)
        holding.tally.write(NOON)
        holding.tally.add(pictures=1)
        holding.tally.write(NOON + timedelta(days=1))
    rows = list(ComparedDay.objects.order_by("day").values_list("pictures", "faces", "pages"))
    assert rows == [(10, 1, 3), (1, 0, 0)]


@pytest.mark.django_db
def test_what_cannot_be_written_is_not_lost(now: Any) -> None:
    holding = Holding(Memory())
    holding.tally.add(pictures=2)
    with pytest.raises(Exception, match="permission denied"), transaction.atomic():
        holding.tally.write(NOON)
    assert connection.is_usable()
    with role("efface_engine"):
        holding.tally.write(NOON)
    assert ComparedDay.objects.get().pictures == 2
