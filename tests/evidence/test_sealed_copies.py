"""Sealed copies under a legal hold: off by default, four eyes, adults only, destroyed by a deadline, every opening
written down."""

from __future__ import annotations

import base64
import uuid
from datetime import timedelta
from typing import Any

import pytest
from pyrage import decrypt, encrypt, x25519

from efface.accounts.models import AuditEntry
from efface.cases import erasing, holds
from efface.engine.base import clock, objects
from efface.engine.base.models import Deadline
from efface.evidence import sealed_copies
from efface.evidence.models import Custody, SealedCopy
from efface.net.protocol import FetchFacts, SealedMedium
from tests.casework import ScriptedFetcher, make_case, make_finding, make_user
from tests.conftest import NOON

pytestmark = pytest.mark.django_db
BYTES = b"not a picture, but what stands for one"


@pytest.fixture
def scene(inside: Any, now: Any, fetcher: ScriptedFetcher, monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.setenv("EFFACE_SEALED_COPIES", "yes")
    case = make_case(inside)
    finding = make_finding(case)
    hold = holds.place(case, reason="x", owner="Court", ends=NOON + timedelta(days=30), actor="lead:1", now=NOON)

    def seal(request: Any) -> SealedMedium:
        sealed = encrypt(BYTES, [x25519.Recipient.from_str(request.key)])
        return SealedMedium(FetchFacts(request.url), base64.b64encode(sealed).decode(), "ab" * 32, len(BYTES))

    monkeypatch.setattr(ScriptedFetcher, "seal_medium", lambda self, one: self._answer("seal", one), raising=False)
    fetcher.answers["seal"] = seal
    return case, finding, hold, make_user("first"), make_user("second"), fetcher


def made(scene: Any) -> SealedCopy:
    case, finding, hold, first, second, _ = scene
    row = sealed_copies.ask(case, finding, hold, "Order 12", first, f"caseworker:{first.pk}", NOON)
    sealed_copies.decide(row, True, second, f"lead:{second.pk}", NOON)
    sealed_copies.seal(organisation=case.organisation_id, copy=row.pk)
    row.refresh_from_db()
    assert row.state == "sealed", row.problem
    return row


def test_it_is_off_unless_it_is_set(scene: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("EFFACE_SEALED_COPIES")
    case, finding, hold, first, *_ = scene
    with pytest.raises(sealed_copies.CopyRefused, match="switched off"):
        sealed_copies.ask(case, finding, hold, "x", first, "caseworker:1", NOON)


@pytest.mark.parametrize(("change", "words"), [
    ("minor", "18 or older"), ("minor case", "18 or older"), ("stopped", "18 or older"), ("no hold", "legal hold"),
    ("hold over", "legal hold"), ("hold of another", "legal hold"), ("no reason", "second person reads"),
])  # fmt: skip
def test_what_it_needs(scene: Any, inside: Any, change: str, words: str) -> None:
    case, finding, hold, first, *_ = scene
    now, why = NOON, "Order 12"
    if change == "minor":
        finding.age = "unknown"
    elif change == "minor case":
        case.age = "minor"
    elif change == "stopped":
        finding.stopped = "x"
    elif change == "no hold":
        hold = None
    elif change == "hold over":
        now = NOON + timedelta(days=31)
    elif change == "hold of another":
        other = make_case(inside)
        hold = holds.place(other, reason="x", owner="x", ends=NOON + timedelta(days=9), actor="lead:1", now=NOON)
    else:
        why = " "
    with pytest.raises(sealed_copies.CopyRefused, match=words):
        sealed_copies.ask(case, finding, hold, why, first, "caseworker:1", now)


def test_nobody_allows_what_they_asked_for(scene: Any) -> None:
    case, finding, hold, first, second, fetcher = scene
    row = sealed_copies.ask(case, finding, hold, "Order 12", first, f"lead:{first.pk}", NOON)
    with pytest.raises(sealed_copies.CopyRefused, match="Somebody else"):
        sealed_copies.decide(row, True, first, f"lead:{first.pk}", NOON)
    sealed_copies.seal(organisation=case.organisation_id, copy=row.pk)
    assert not fetcher.asked, "nothing is fetched before the second person"
    sealed_copies.decide(row, False, second, f"lead:{second.pk}", NOON)
    sealed_copies.seal(organisation=case.organisation_id, copy=row.pk)
    assert not fetcher.asked


def test_a_hold_that_ended_meanwhile_stops_it(scene: Any) -> None:
    case, finding, hold, first, second, fetcher = scene
    row = sealed_copies.ask(case, finding, hold, "Order 12", first, f"lead:{first.pk}", NOON)
    sealed_copies.decide(row, True, second, f"lead:{second.pk}", NOON)
    with clock.fixed(NOON + timedelta(days=31)):
        sealed_copies.seal(organisation=case.organisation_id, copy=row.pk)
    assert not fetcher.asked


def test_what_lies_here_does_not_open_without_the_cases_key(scene: Any) -> None:
    row = made(scene)
    assert row.blob is not None
    stored = objects.store().read(row.blob)
    assert BYTES not in stored and b"age-encryption" not in stored
    assert BYTES not in objects.get(row.case_id, row.blob)


def test_handing_over_is_a_second_leads_and_is_written_down_first(scene: Any) -> None:
    case, _, _, first, second, _ = scene
    row, key = made(scene), x25519.Identity.generate()
    public = str(key.to_public())
    for actor, user in ((f"lead:{first.pk}", first), (f"caseworker:{second.pk}", second)):
        with pytest.raises(sealed_copies.CopyRefused, match="did not ask"):
            sealed_copies.hand_over(row, public, "Court", user, actor, NOON)
    with pytest.raises(sealed_copies.CopyRefused, match="under which law"):
        sealed_copies.hand_over(row, public, " ", second, f"lead:{second.pk}", NOON)
    with pytest.raises(sealed_copies.CopyRefused, match="key cannot"):
        sealed_copies.hand_over(row, "age1", "Court", second, f"lead:{second.pk}", NOON)
    assert not Custody.objects.filter(case=case, action="opened").exists()
    data = sealed_copies.hand_over(row, public, "Court, order 12", second, f"lead:{second.pk}", NOON)
    assert decrypt(data, [key]) == BYTES and BYTES not in data
    assert Custody.objects.filter(case=case, about="copy", action="opened").count() == 1
    assert AuditEntry.objects.filter(action="copy.opened", subject=str(row.pk)).exists()


@pytest.mark.parametrize("way", ["deadline", "lifted", "erased"])
def test_it_is_destroyed_with_its_hold(scene: Any, way: str) -> None:
    case, _, hold, *_ = scene
    row = made(scene)
    blob = row.blob
    assert isinstance(blob, uuid.UUID)
    if way == "deadline":
        deadline = Deadline.objects.get(key=f"copy.ends:{row.pk}")
        assert deadline.due == hold.ends
        sealed_copies._ends(deadline, hold.ends)
    elif way == "lifted":
        holds.lift(hold, "lead:1", NOON)
    else:
        erasing.erase(case, "lead:1", NOON)
    row = SealedCopy.objects.get(pk=row.pk)
    assert row.state == "destroyed" and row.identity is None and row.blob is None
    with pytest.raises(objects.ObjectMissing):
        objects.store().read(blob)


def test_another_picture_in_its_place_is_no_copy(scene: Any) -> None:
    case, finding, hold, first, second, fetcher = scene
    fetcher.answers["seal"] = SealedMedium(error="another")
    row = sealed_copies.ask(case, finding, hold, "Order 12", first, f"lead:{first.pk}", NOON)
    sealed_copies.decide(row, True, second, f"lead:{second.pk}", NOON)
    sealed_copies.seal(organisation=case.organisation_id, copy=row.pk)
    row.refresh_from_db()
    assert (row.state, row.problem, row.blob, row.identity) == ("failed", "another", None, None)
