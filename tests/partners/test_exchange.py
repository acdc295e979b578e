"""Adapters of foreign lists: each keeps the contract, is off until switched on, and gives away nothing unasked."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime
from typing import Any

import pytest

from efface.cases import consents
from efface.cases.models import Case, Fingerprint, Purpose
from efface.partners import canaries
from efface.partners.exchange import registry
from efface.partners.exchange.contract import Row, Unreadable
from efface.partners.exchange.lumen import LEAST, Redacted, document
from efface.partners.models import Exchange
from tests import people
from tests.conftest import NOON

DAY = datetime(2026, 3, 2, tzinfo=UTC)
ROWS = [Row("pdq", "0f" * 32, DAY), Row("md5", "ab" * 16, DAY, active=False)]
NCMEC = """<queryResult xmlns="https://hashsharing.ncmec.org/hashsharing/v2"><images count="2">
<image><member id="1">A member</member><timestamp>2026-03-02T00:00:00Z</timestamp><id>a</id>
<fingerprints><md5>ABABABABABABABABABABABABABABABAB</md5><sha1>00</sha1></fingerprints></image>
<deletedImage><member id="1">A member</member><id>b</id><timestamp>2026-03-02T00:00:00Z</timestamp></deletedImage>
</images></queryResult>"""


def test_there_are_these() -> None:
    assert set(registry.adapters()) == {"stopncii", "ncmec", "lumen"}


@pytest.mark.parametrize("one", registry.adapters().values(), ids=lambda one: one.id)
def test_the_contract(one: Any) -> None:
    """What is written can be read again; what has not the form is refused with words, whatever it is."""
    if one.minors:
        assert one.write is None
    if one.write and one.read:
        rows = [row for row in ROWS if row.kind in one.kinds]
        assert one.read(one.write(rows)) == rows
    if one.read:
        for broken in (b"", b"\xff\x00", b"[]", b"{}", b"<a/>", b'{"hashRecords": 5}', b'{"hashRecords": [1]}',
                       b'{"hashRecords": [{"signalType": "ImagePDQ", "hashValue": "x", "lastModtimestamp": 1}]}',
                       b'<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>'):  # fmt: skip
            with pytest.raises(Unreadable):
                one.read(broken)


def test_entries_of_hash_sharing_are_read() -> None:
    read = registry.adapters()["ncmec"].read
    assert read is not None and read(NCMEC.encode()) == [Row("md5", "ab" * 16, DAY)]


@pytest.mark.django_db
def test_off_until_it_is_switched_on_with_terms(inside: Any, now: Any) -> None:
    with pytest.raises(registry.Refused, match="is off"):
        registry.export(inside.pk, "stopncii", "operator:x", NOON)
    with pytest.raises(registry.Refused, match="agreed"):
        registry.switch(inside.pk, "stopncii", True, " ", "operator:x", NOON)
    assert not Exchange.objects.exists()


def enrolled(organisation: Any, hash: str, *purposes: str, **more: Any) -> Case:
    case = people.open_case(organisation, **more).case
    for purpose in purposes:
        consents.give(case, purpose, "survivor", NOON)
    row = Fingerprint(organisation_id=organisation.pk, case=case, kind="pdq", age="adult", created=NOON)
    row.value = {"pdq": [hash] * 8, "sha256": "0" * 64}
    row.save()
    return case


@pytest.mark.django_db
def test_only_those_who_allowed_it_are_in_the_file_and_a_canary(inside: Any, now: Any) -> None:
    enrolled(inside, "1" * 64, Purpose.HASH_LISTS)
    enrolled(inside, "2" * 64, Purpose.HASH_MATCH, Purpose.PLATFORM_MATCH)
    enrolled(inside, "3" * 64, Purpose.HASH_LISTS, age="unknown")
    registry.switch(inside.pk, "stopncii", True, "paper 3", "operator:x", NOON)
    data, count = registry.export(inside.pk, "stopncii", "operator:x", NOON)
    values = {one["hashValue"] for one in json.loads(data)["hashRecords"]}
    assert count == 1 and values == {"1" * 64, canaries.of(inside.pk, "stopncii")}


@pytest.mark.django_db
def test_nothing_is_ever_written_for_a_list_of_minors(inside: Any, now: Any) -> None:
    registry.switch(inside.pk, "ncmec", True, "paper 4", "operator:x", NOON)
    with pytest.raises(registry.Refused, match="minors"):
        registry.export(inside.pk, "ncmec", "operator:x", NOON)


def test_a_redacted_notice_holds_nothing_that_leads_to_a_person() -> None:
    often = [Redacted("eu_dsa_art16", "host", "DE", date(2026, 3, 1), (("big.example", 3),))] * LEAST
    rare = [Redacted("eu_dsa_art16", "host", "DE", date(2026, 3, 1), (("small.example", 1),))]
    text = document([*often, *rare]).decode()
    assert "https://big.example/[redacted]" in text and "small.example" not in text and '"2026-03"' in text


@pytest.mark.django_db
def test_the_export_of_notices_names_no_address(inside: Any, now: Any) -> None:
    case = people.open_case(inside).case
    notice = people.make_notice(people.make_finding(case, page="https://pictures.example/her-name"), state="sent")
    notice.urls = ["https://pictures.example/her-name"]
    notice.save()
    registry.switch(inside.pk, "lumen", True, "paper 5", "operator:x", NOON)
    data, count = registry.export(inside.pk, "lumen", "operator:x", NOON)
    assert count == 1 and b"her-name" not in data and b"pictures.example" not in data and b"Example Hosting" not in data
