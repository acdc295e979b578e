"""A process is killed by SIGKILL in the middle: afterwards nothing is half there, nothing is there twice, and the next
run goes through. Real processes, real commits."""

from __future__ import annotations

import base64
import io
import os
import signal
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from django.db import connection, transaction
from pyrage import encrypt, x25519

from efface.accounts import audit
from efface.cases import consents, events, holds, retention
from efface.cases.models import Case, CaseEvent, Hold
from efface.engine.base import age, clock, deadlines, objects, sealing, tenancy, typeset
from efface.engine.base.models import Deadline
from efface.evidence import custody, sealed_copies
from efface.evidence.models import Custody, Pack, PoliceRequest, Referral, SealedCopy
from efface.evidence.packs import making, report, verifying
from efface.evidence.referrals import referring, room
from efface.net.protocol import SealedMedium
from tests import people
from tests.conftest import NOON, make_organisation, role
from tests.police.conftest import order

SHA = "ab" * 32


@pytest.fixture
def committed(django_db_setup: None, django_db_blocker: Any, tmp_path: Any, monkeypatch: Any) -> Iterator[None]:
    """Real commits, seen by other processes; everything of the organisations is emptied afterwards."""
    monkeypatch.setenv("EFFACE_OBJECTS", str(tmp_path / "objects"))
    monkeypatch.setenv("EFFACE_SEALED_COPIES", "true")
    with django_db_blocker.unblock(), clock.fixed(NOON):
        yield
        with transaction.atomic(), role("efface_owner"), connection.cursor() as cursor:
            cursor.execute(
                "TRUNCATE accounts_organisation, accounts_user, procrastinate_jobs, engine_deadline, sites_site CASCADE"
            )


@pytest.fixture
def house(committed: None) -> Any:
    """A case she wants with the police, an investigator with a key, a finding."""
    with transaction.atomic():
        one = SimpleNamespace(organisation=make_organisation())
        one.lead, one.worker = people.worker(one.organisation, "lead"), people.worker(one.organisation)
        one.officer = people.worker(one.organisation, "investigator", "Officer One")
    with tenancy.organisation(one.organisation.pk):
        one.case = people.open_case(one.organisation).case
        for purpose in ("hash_match", "notify", "police"):
            consents.give(one.case, purpose, "survivor", NOON)
        one.finding = people.make_finding(one.case)
    return one


@contextmanager
def inside(house: Any) -> Iterator[None]:
    with tenancy.organisation(house.organisation.pk):
        yield


def killed(patches: list[tuple[Any, str, Any]], work: Callable[[], object]) -> None:
    """Do ``work`` in a process of its own in which the ``patches`` stand; it has to die by SIGKILL."""
    child = os.fork()
    if child == 0:
        kept, connection.connection = connection.connection, None  # not ours to end
        try:
            for target, name, value in patches:
                setattr(target, name, value)
            work()
        finally:
            os._exit(1 if kept else 2)
    assert os.waitpid(child, 0)[1] == signal.SIGKILL, "it came through, or fell before the blow"


def blow(*_: Any, **__: Any) -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def after(real: Callable[..., Any]) -> Callable[..., Any]:
    """Does what it did, and dies."""

    def inner(*args: Any, **more: Any) -> Any:
        real(*args, **more)
        blow()

    return inner


def fire(now: Any) -> None:
    with transaction.atomic(), role("efface_engine"):
        deadlines.fire(now)


def all_of(now: Any) -> None:
    while True:
        with transaction.atomic(), role("efface_engine"):
            if not deadlines.fire(now):
                return


def stored() -> set[uuid.UUID]:
    return set(objects.store().names())


@pytest.mark.parametrize("where", ["events", "audit", "deadline"])
def test_making_a_referral(house: Any, where: str) -> None:
    """Whatever it had written: none of it is there, and the same form gives one referral afterwards."""
    target = {
        "events": (events, "record", after(events.record)),
        "audit": (audit, "record", after(audit.record)),
        "deadline": (deadlines, "set_deadline", after(deadlines.set_deadline)),
    }[where]
    given = order(house.officer, once="form")

    def work() -> Referral:
        with inside(house):
            return referring.refer(house.case, given, f"lead:{house.lead.pk}", NOON)

    killed([target], work)
    with inside(house):
        assert not Referral.objects.exists() and not CaseEvent.objects.filter(kind="referral.made").exists()
        assert not Deadline.objects.filter(kind=referring.ENDS).exists()
    with tenancy.investigator(house.organisation.pk, house.officer.pk, NOON):
        assert not Case.objects.exists()
    first, second = work(), work()
    assert first == second
    with inside(house):
        assert Referral.objects.count() == Deadline.objects.filter(kind=referring.ENDS).count() == 1
        assert CaseEvent.objects.filter(kind="referral.made").count() == 1
        assert audit.verify(house.organisation.pk) == []


def granted(house: Any, kind: str, days: str) -> PoliceRequest:
    with inside(house):
        row = referring.refer(house.case, order(house.officer, days=60), f"lead:{house.lead.pk}", NOON)
        made = room.request(row, kind, days, "a house search is planned", NOON)
        return room.decide(made, True, "", f"lead:{house.lead.pk}", NOON)


@pytest.mark.parametrize("where", ["request", "event", "deadline"])
def test_a_hold_that_ends_by_its_deadline(house: Any, where: str) -> None:
    made = granted(house, "hold", "3")
    at = NOON + timedelta(days=3)
    target = {
        "request": (room, "_request_over", blow), "event": (events, "record", after(events.record)),
        "deadline": (retention, "released", blow),
    }[where]
    killed([target], lambda: fire(at))
    with inside(house):
        assert not CaseEvent.objects.filter(kind__in=("hold.ended", "request.ended")).exists()
        assert PoliceRequest.objects.get().state == "granted", "not half of it"
        assert not Hold.objects.filter(ends__gt=at).exists(), "yet no notice waits any longer: its end is a fact"
    all_of(at)
    all_of(at + timedelta(days=1))
    with inside(house):
        assert CaseEvent.objects.filter(kind="hold.ended").count() == 1
        assert CaseEvent.objects.filter(kind="request.ended", subject=made.pk).count() == 1
        assert PoliceRequest.objects.get().state == "ended"


def test_a_hold_that_is_placed_and_extended(house: Any) -> None:
    """The lead's yes: either the hold stands and the answer is written, or neither."""
    with inside(house):
        row = referring.refer(house.case, order(house.officer), f"lead:{house.lead.pk}", NOON)
        made = room.request(row, "hold", "3", "why", NOON)

    def work() -> None:
        with inside(house):
            room.decide(made, True, "", f"lead:{house.lead.pk}", NOON)

    killed([(holds, "place", after(holds.place))], work)
    with inside(house):
        assert not Hold.objects.exists() and PoliceRequest.objects.get().state == "asked"
    work()
    with inside(house):
        assert Hold.objects.count() == 1 and PoliceRequest.objects.get().state == "granted"


def allowed(house: Any) -> SealedCopy:
    with inside(house):
        people_asset(house)
        hold = holds.place(house.case, reason="court", owner="Desk 1", ends=NOON + timedelta(days=9), actor="lead:1",
                           now=NOON)  # fmt: skip
        row = sealed_copies.ask(house.case, house.finding, hold, "§ 94", house.worker, "caseworker:1", NOON)
        sealed_copies.decide(row, True, house.lead, f"lead:{house.lead.pk}", NOON)
    return row


def people_asset(house: Any) -> None:
    from efface.search.models import Asset

    Asset.objects.create(
        organisation_id=house.organisation.pk, case=house.case, finding=house.finding, role="media",
        url="https://pictures.example/2.jpg", url_digest=sealing.digest("url", "2"), sha256=SHA, added_at=NOON,
    )  # fmt: skip


class Fetcher:
    """What the fetcher's process answers, sealed as it seals."""

    def seal_medium(self, request: Any) -> SealedMedium:
        sealed = encrypt(b"picture bytes", [x25519.Recipient.from_str(request.key)])
        return SealedMedium(sealed_b64=base64.b64encode(sealed).decode(), sha256=SHA, size=13, mime="image/jpeg")


@pytest.mark.parametrize("where", ["written", "noted"])
def test_sealing_a_copy(house: Any, monkeypatch: Any, where: str) -> None:
    """The one picture that may lie here: none is left that nothing would destroy."""
    monkeypatch.setattr(sealed_copies.fetching, "patiently", lambda ask: ask(Fetcher()))
    row = allowed(house)
    target = {
        "written": (objects, "put", after(objects.put)), "noted": (custody, "note", after(custody.note)),
    }[where]

    def work() -> None:
        sealed_copies.seal(organisation=house.organisation.pk, copy=row.pk)

    before = stored()
    killed([target], work)
    with inside(house):
        found = SealedCopy.objects.get()
        assert found.state == "allowed" and found.blob is not None
        assert stored() - before <= {found.blob}, "what lies there has its name in the row"
        with pytest.raises(sealed_copies.CopyRefused):
            sealed_copies.hand_over(found, age.new_identity()[1], "§ 94", house.lead, f"lead:{house.lead.pk}x", NOON)
    work()
    work()
    with inside(house):
        found = SealedCopy.objects.get()
        assert found.state == "sealed" and stored() - before == {found.blob}
        assert Custody.objects.filter(about="copy", action="sealed").count() == 1
    all_of(NOON + timedelta(days=9))
    with inside(house):
        assert SealedCopy.objects.get().state == "destroyed" and stored() == before


def test_destroying_a_copy(house: Any, monkeypatch: Any) -> None:
    monkeypatch.setattr(sealed_copies.fetching, "patiently", lambda ask: ask(Fetcher()))
    row, before = allowed(house), stored()
    sealed_copies.seal(organisation=house.organisation.pk, copy=row.pk)
    assert stored() - before
    killed([(objects, "remove", after(objects.remove))], lambda: fire(NOON + timedelta(days=9)))
    assert stored() == before, "the picture goes first, whatever else was to be written"
    all_of(NOON + timedelta(days=9))
    with inside(house):
        assert SealedCopy.objects.get().state == "destroyed"
        assert Custody.objects.filter(about="copy", action="destroyed").count() == 1


def ordered(house: Any, days: int = 10) -> tuple[Pack, str]:
    secret, public = age.new_identity()
    with inside(house):
        row = referring.refer(house.case, order(house.officer, days=days), f"lead:{house.lead.pk}", NOON)
        room.give_key(house.organisation.pk, house.officer.pk, public, False, NOON)
        return referring.pack(row, f"lead:{house.lead.pk}", NOON), secret


@pytest.mark.parametrize("where", ["piece", "named", "ready"])
def test_writing_a_pack(house: Any, monkeypatch: Any, where: str) -> None:
    monkeypatch.setattr(making, "PIECE", 2048)
    pack, secret = ordered(house)
    before = stored()
    target = {
        "piece": (objects, "put", after(objects.put)), "named": (objects, "put", blow),
        "ready": (custody, "note", after(custody.note)),
    }[where]
    # A type-setter that this process has used before has threads, and those a forked process has not.
    paper = typeset.pdf(report.SOURCE, "report", {
        "title": "T", "author": "A", "footer": "F", "lines": [], "sections": [],
    })  # fmt: skip
    set_before = (report, "pdf", lambda *_: paper)
    killed([target, set_before], lambda: making.make(organisation=house.organisation.pk, pack=pack.pk))
    with inside(house):
        found = Pack.objects.get()
        assert found.state == "waiting" and stored() - before <= {uuid.UUID(one) for one in found.blobs}
        with pytest.raises(making.PackRefused):
            making.open_for(found, f"lead:{house.lead.pk}", NOON)
    making.make(organisation=house.organisation.pk, pack=pack.pk)
    making.make(organisation=house.organisation.pk, pack=pack.pk)
    with inside(house):
        found = Pack.objects.get()
        assert found.state == "ready" and stored() - before == {uuid.UUID(one) for one in found.blobs}
        assert CaseEvent.objects.filter(kind="pack.ready").count() == 1
        assert Custody.objects.filter(about="pack", action="made").count() == 1
        whole = b"".join(making.open_for(found, f"lead:{house.lead.pk}", NOON))
    assert verifying.verify(io.BytesIO(whole), secret).problems == []


@pytest.mark.parametrize("days", [60, 10], ids=["by its own time", "with the referral"])
def test_a_pack_that_ends(house: Any, days: int) -> None:
    """Ended is written down first; its file goes with the next deadline: it is never missing while it is there."""
    pack, _ = ordered(house, days)
    before = stored()
    making.make(organisation=house.organisation.pk, pack=pack.pk)
    over = NOON + making.KEPT
    killed([(custody, "note", after(custody.note))], lambda: fire(over))
    with inside(house):
        assert Pack.objects.get().state == "ready" and stored() - before, "whole, until it is ended"
    fire(over)
    with inside(house):
        assert Pack.objects.get().state == "ended" and stored() - before
        with pytest.raises(making.PackRefused):
            making.open_for(Pack.objects.get(), f"lead:{house.lead.pk}", over)
    killed([(objects, "remove", after(objects.remove))], lambda: fire(over + making.SOON))
    with inside(house):
        assert Pack.objects.get().state == "ended"
    all_of(over + making.SOON)
    with inside(house):
        assert stored() == before and Pack.objects.get().blobs == []
        assert Custody.objects.filter(about="pack", action="removed").count() == 1


@pytest.mark.django_db
def test_a_deadline_of_a_referral_that_is_gone_does_nothing(organisation: Any) -> None:
    """What fires after its row was rolled back, or twice, finds nothing to do."""
    with tenancy.organisation(organisation.pk):
        for kind in (referring.ENDS, room.KEPT_ENDS, making.ENDS, sealed_copies.ENDS, holds.ENDS):
            deadlines.set_deadline(kind, uuid.uuid4(), NOON, organisation=organisation.pk)
    with role("efface_engine"):
        assert deadlines.fire(NOON) == 5
    with tenancy.organisation(organisation.pk):
        assert set(Deadline.objects.values_list("state", flat=True)) == {"done"}
