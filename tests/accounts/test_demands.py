"""The register of legal demands: leads and auditors; sealed; numbered; answered once; exported without formulas."""

from __future__ import annotations

import csv
import io
import json
from typing import Any

import pytest
from django.db import DatabaseError, connection, transaction

from efface.accounts import audit
from efface.accounts.models import AuditEntry, LegalDemand
from efface.engine.base import tenancy
from tests import people

pytestmark = pytest.mark.django_db
ASKED = {"asked_by": "District Court of Example", "asked_for": "All letters to one site", "law": "Section 95, order 1",
         "received": "2026-03-01", "until": "2026-03-20", "may_tell": "no"}  # fmt: skip


@pytest.fixture
def lead(organisation: Any, now: Any) -> Any:
    return people.signed_in(people.worker(organisation, "lead", "Lead One"))


def test_it_is_noted_and_answered_once(lead: Any, organisation: Any) -> None:
    assert b"Nobody has demanded" in lead.get("/console/demands/").content
    assert lead.post("/console/demands/", ASKED).status_code == 302
    lead.post("/console/demands/", ASKED | {"asked_by": "Police", "until": ""})
    with tenancy.organisation(organisation.pk):
        assert list(LegalDemand.objects.values_list("number", flat=True)) == [2, 1]
        row = LegalDemand.objects.get(number=1)
        assert (row.asked_by, row.may_tell) == (ASKED["asked_by"], False)
        with connection.cursor() as cursor:
            cursor.execute("SELECT asked_by, asked_for, law FROM accounts_legaldemand")
            assert not any(b"Court" in bytes(cell) or b"letters" in bytes(cell) for one in cursor for cell in one)
    decide = f"/console/demands/{row.pk}/decide/"
    for bad in ({}, {"outcome": ""}, {"outcome": "x"}, {"outcome": "all", "given": "  "}):
        lead.post(decide, bad)
        with tenancy.organisation(organisation.pk):
            assert LegalDemand.objects.get(pk=row.pk).outcome == ""
    lead.post(decide, {"outcome": "nothing", "given": "The order names nobody here."})
    page = lead.post(decide, {"outcome": "all", "given": "everything"}, follow=True).content
    assert b"has been decided already" in page and b"nothing was given" in page
    with tenancy.organisation(organisation.pk):
        actions = list(AuditEntry.objects.values_list("action", flat=True))
        assert actions == ["demand.noted", "demand.noted", "demand.nothing"] and audit.verify(organisation.pk) == []
        with (
            pytest.raises(DatabaseError, match="permission denied"), transaction.atomic(),
            connection.cursor() as cursor,
        ):  # fmt: skip
            cursor.execute("DELETE FROM accounts_legaldemand")


@pytest.mark.parametrize(("change", "words"), [
    ({"asked_by": " "}, b"all three are needed"), ({"law": ""}, b"all three"),
    ({"received": "1.3.2026"}, b"2026-03-31"),
    ({"received": "2026-03-09"}, b"after today"), ({"until": "soon"}, b"2026-03-31"),
])  # fmt: skip
def test_bad_input_says_what_to_do_and_keeps_what_was_typed(lead: Any, change: Any, words: bytes) -> None:
    page = lead.post("/console/demands/", ASKED | change)
    assert page.status_code == 422 and words in page.content and b"All letters to one site" in page.content


def test_it_is_exported_without_formulas(lead: Any, organisation: Any) -> None:
    lead.post("/console/demands/", ASKED | {"asked_by": '=HYPERLINK("http://x")', "asked_for": "@SUM(1)\n-2"})
    table = list(csv.DictReader(io.StringIO(lead.get("/console/demands/export/csv/").content.decode())))
    assert table[0]["asked_by"].startswith("'=") and table[0]["asked_for"].startswith("'@")
    assert not any(cell.startswith(("=", "+", "-", "@")) for cell in table[0].values())
    told = json.loads(lead.get("/console/demands/export/json/").content)
    assert told[0]["asked_by"] == '=HYPERLINK("http://x")' and told[0]["noted_by"] == "Lead One"
    assert lead.get("/console/demands/export/xml/").status_code == 404
    with tenancy.organisation(organisation.pk):
        assert AuditEntry.objects.filter(action="demands.exported").count() == 2


def test_another_organisation_sees_none_of_it(lead: Any, organisation: Any) -> None:
    lead.post("/console/demands/", ASKED)
    with tenancy.organisation(organisation.pk):
        row = LegalDemand.objects.get()
    stranger = people.signed_in(people.worker(people.make_organisation("Another"), "auditor"))
    assert b"District Court" not in stranger.get("/console/demands/").content
    assert stranger.post(f"/console/demands/{row.pk}/decide/", {"outcome": "nothing"}).status_code == 404
