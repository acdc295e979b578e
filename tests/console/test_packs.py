"""The evidence page, taking in what she kept, deciding about demands, making and handing over a pack."""

from __future__ import annotations

import io
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from efface.cases import consents, holds
from efface.engine.base import age, clock, deadlines, tenancy
from efface.evidence import keeping
from efface.evidence.models import Custody, Fact, Kept, Pack, SealedCopy
from efface.evidence.packs import making, verifying
from tests import people
from tests.conftest import NOON, role
from tests.evidence.packing import WALLET, chat

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def reader(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(keeping.uploading, "read_kept", lambda name, data, look: chat(name))


def upload(desk: Client, case: Any, agreed: str = "yes", name: str = "chat.txt") -> Any:
    file = SimpleUploadedFile(name, name.encode())
    return desk.post(f"/console/cases/{case.pk}/evidence/take-in/", {"files": [file], "agreed": agreed})


def order(desk: Client, case: Any, **more: Any) -> tuple[Any, str]:
    secret, public = age.new_identity()
    data = {
        "for": "lawyer", "recipient": "Office 1", "key": public, "parts": ["pages", "demands", "kept", "custody"],
        "which": "all", "agreed": "yes", "once": "a",
    } | more  # fmt: skip
    return desk.post(f"/console/cases/{case.pk}/packs/new/", data), secret


def rows(case: Any, model: Any) -> list[Any]:
    with tenancy.organisation(case.organisation_id):
        return list(model.objects.filter(case=case))


def test_the_page_is_there_while_nothing_is(desk: Client, case: Any) -> None:
    page = desk.get(f"/console/cases/{case.pk}/evidence/").content.decode()
    assert "No pack yet" in page and "Nothing taken in" in page and "No page was captured yet" in page
    assert f"/console/cases/{case.pk}/evidence/" in desk.get(f"/console/cases/{case.pk}/").content.decode()


def test_what_she_kept_is_taken_in_once_and_only_with_her_yes(desk: Client, case: Any) -> None:
    answer = upload(desk, case, agreed="")
    assert answer.status_code == 422 and "Ask her first" in answer.content.decode() and not rows(case, Kept)
    page = upload(desk, case).content.decode()
    assert "2 messages" in page and "wait for you" in page
    assert "was here already" in upload(desk, case).content.decode()
    (kept,) = rows(case, Kept)
    assert "pay 300 EUR" in desk.get(f"/console/cases/{case.pk}/evidence/kept/{kept.pk}/").content.decode()
    facts = {one.kind: one for one in rows(case, Fact)}
    assert facts["wallet"].sure and facts["wallet"].state == "suggested" and facts["wallet"].ring is None


def test_a_worker_decides_about_what_was_suggested(desk: Client, case: Any) -> None:
    upload(desk, case)
    facts = {one.kind: one for one in rows(case, Fact)}
    place = f"/console/cases/{case.pk}/evidence/demand/"
    assert desk.post(f"{place}{facts['wallet'].pk}/", {"choice": "confirm"}).status_code == 302
    assert desk.post(f"{place}{facts['platform' if 'platform' in facts else 'demand'].pk}/", {"choice": "drop"})
    answer = desk.post(f"{place}{facts['amount'].pk}/", {"choice": "correct", "value": "much"})
    assert answer.status_code == 422 and "such as 300 EUR" in answer.content.decode()
    desk.post(f"{place}{facts['amount'].pk}/", {"choice": "correct", "value": "350 euro"})
    answer = desk.post(place, {"kind": "wallet", "value": WALLET[:-1] + "x"})
    assert answer.status_code == 422 and "checksum" in answer.content.decode()
    assert "letter" in answer.content.decode() and WALLET[:-1] + "x" in answer.content.decode()
    desk.post(place, {"kind": "handle", "value": "@second.one", "detail": "Snapchat"})
    now = {(one.kind, one.value): one for one in rows(case, Fact)}
    assert now["wallet", WALLET].state == "confirmed" and now["wallet", WALLET].ring
    assert now["amount", "350 EUR"].detail == "EUR" and now["handle", "second.one"].detail == "snapchat"


def test_a_ring_is_told_to_leads_as_a_number(organisation: Any, desk: Client, case: Any) -> None:
    from tests.conftest import make_organisation

    other = people.open_case(organisation, name="B. Example").case
    elsewhere = make_organisation("Other")
    strangers = people.open_case(elsewhere).case
    for one, client in ((case, desk), (other, desk),
                        (strangers, people.signed_in(people.worker(elsewhere, "caseworker")))):  # fmt: skip
        client.post(f"/console/cases/{one.pk}/evidence/demand/", {"kind": "wallet", "value": WALLET})
    lead = people.signed_in(people.worker(organisation, "lead"))
    page = lead.get(f"/console/cases/{case.pk}/evidence/").content.decode()
    assert 'data-fact="ring"' in page and "one other case" in page
    assert other.reference not in page and "B. Example" not in page
    assert 'data-fact="ring"' not in desk.get(f"/console/cases/{case.pk}/evidence/").content.decode()
    digests = {bytes(one.ring) for one in rows(case, Fact) + rows(strangers, Fact)}
    assert len(digests) == 2


def test_a_pack_is_made_once_and_handed_over_sealed(desk: Client, case: Any) -> None:
    upload(desk, case)
    answer, secret = order(desk, case)
    assert answer.status_code == 302
    order(desk, case)
    (pack,) = rows(case, Pack)
    place = f"/console/cases/{case.pk}/packs/{pack.pk}/"
    assert desk.post(place + "hand-over/").status_code == 302  # not there yet, and says so
    making.make(organisation=case.organisation_id, pack=pack.pk)
    answer = desk.post(place + "hand-over/")
    data = b"".join(answer.streaming_content)
    said = answer["Content-Disposition"]
    assert said.startswith("attachment") and case.reference not in said
    assert len(data) == int(answer["Content-Length"])
    verdict = verifying.verify(io.BytesIO(data), secret)
    assert verdict.ok, verdict.problems
    assert "handed-over" in [one.action for one in rows(case, Custody)]
    assert "Take the sealed file" in desk.get(f"/console/cases/{case.pk}/evidence/").content.decode()
    desk.post(place + "end/")
    assert desk.post(place + "hand-over/").status_code == 302
    with role("efface_engine"):
        deadlines.fire(clock.now() + making.SOON)
    (pack,) = rows(case, Pack)
    assert pack.state == "ended" and pack.blobs == []


@pytest.mark.parametrize(("more", "words"), [
    ({"agreed": ""}, "tick that she agreed"), ({"for": "police"}, "not agreed that the police"),
    ({"key": "age1nonsense"}, "age public key begins"), ({"parts": []}, "at least one part"),
    ({"recipient": " "}, "Write who gets it"), ({"for": "police", "ground": "§ 1"}, "Only a lead"),
    ({"which": "some", "findings": ["x"]}, "at least one finding"), ({"for": ""}, "Choose who gets it"),
])  # fmt: skip
def test_what_is_wrong_with_an_order_is_said_and_what_was_typed_stays(
    desk: Client, case: Any, more: dict[str, Any], words: str
) -> None:
    answer, _ = order(desk, case, **more)
    page = answer.content.decode()
    assert answer.status_code == 422 and words in page and not rows(case, Pack)
    if "recipient" not in more:
        assert 'value="Office 1"' in page


def test_a_secret_key_is_not_taken(desk: Client, case: Any) -> None:
    answer, _ = order(desk, case, key=age.new_identity()[0])
    assert answer.status_code == 422 and "secret key" in answer.content.decode()


def test_the_police_get_nothing_any_more_when_she_takes_it_back(desk: Client, case: Any) -> None:
    with tenancy.organisation(case.organisation_id):
        consents.give(case, "police", "survivor", NOON)
    order(desk, case, **{"for": "police", "agreed": ""})
    (pack,) = rows(case, Pack)
    making.make(organisation=case.organisation_id, pack=pack.pk)
    with tenancy.organisation(case.organisation_id):
        consents.withdraw(case, "police", "survivor", NOON)
    (pack,) = rows(case, Pack)
    assert pack.state == "ended"
    with role("efface_engine"):
        deadlines.fire(NOON + making.SOON)
    assert not rows(case, Pack)[0].blobs
    assert desk.post(f"/console/cases/{case.pk}/packs/{pack.pk}/hand-over/").status_code == 302


def test_erasing_a_case_leaves_nothing_of_it(desk: Client, case: Any) -> None:
    from efface.cases import erasing
    from efface.engine.base import objects

    upload(desk, case)
    order(desk, case)
    (pack,) = rows(case, Pack)
    making.make(organisation=case.organisation_id, pack=pack.pk)
    names = rows(case, Pack)[0].blobs
    with tenancy.organisation(case.organisation_id):
        erasing.erase(case, "lead:1", NOON)
    assert not rows(case, Kept) and not rows(case, Fact) and rows(case, Pack)[0].key == ""
    import uuid

    for name in names:
        with pytest.raises(objects.ObjectMissing):
            objects.store().read(uuid.UUID(name))


def test_sealed_copies_are_off(desk: Client, case: Any) -> None:
    assert "Sealed copies" not in desk.get(f"/console/cases/{case.pk}/evidence/").content.decode()
    with tenancy.organisation(case.organisation_id):
        holds.place(case, reason="x", owner="Court", ends=NOON.replace(month=4), actor="lead:1", now=NOON)
    desk.post(f"/console/cases/{case.pk}/evidence/copy/", {"finding": "x", "hold": "x", "why": "y"})
    assert not rows(case, SealedCopy)


def test_it_is_hers_too_and_she_can_take_it_along(desk: Client, case: Any) -> None:
    """Her own export tells what she handed in and what was confirmed, and nothing that was only suggested."""
    import zipfile

    from efface.portal import export

    upload(desk, case)
    facts = {one.kind: one for one in rows(case, Fact)}
    desk.post(f"/console/cases/{case.pk}/evidence/demand/{facts['wallet'].pk}/", {"choice": "confirm"})
    data = b"".join(export.stream(case.organisation_id, case.pk, "en", NOON))
    with zipfile.ZipFile(io.BytesIO(data)) as made:
        notes = made.read("notes.json").decode()
    import json

    told = json.loads(notes)
    assert "pay 300 EUR" in told["kept"][0]["text"]
    assert [one["text"] for one in told["demands"]] == [WALLET]


def test_another_key_is_a_leads_decision(organisation: Any, desk: Client, case: Any) -> None:
    order(desk, case)
    (pack,) = rows(case, Pack)
    making.make(organisation=case.organisation_id, pack=pack.pk)
    secret, public = age.new_identity()
    place = f"/console/cases/{case.pk}/packs/{pack.pk}/again/"
    desk.post(place, {"key": public})
    assert len(rows(case, Pack)) == 1
    people.signed_in(people.worker(organisation, "lead")).post(place, {"key": public})
    newest = max(rows(case, Pack), key=lambda one: one.pk)
    assert newest.of_id == pack.pk and newest.key == public
    making.make(organisation=case.organisation_id, pack=newest.pk)
    with tenancy.organisation(case.organisation_id):
        newest = Pack.objects.select_related("case").get(pk=newest.pk)
        data = b"".join(making.open_for(newest, "lead:1", NOON))
    assert verifying.verify(io.BytesIO(data), secret).ok
