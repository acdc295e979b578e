"""No table that leaves this house runs anything in the program that opens it: one function makes every cell."""

from __future__ import annotations

import ast
import csv
import io
from pathlib import Path
from typing import Any

import pytest

import efface
from efface.accounts import demands
from efface.accounts.models import Member, User
from efface.cases import consents
from efface.engine.base import tenancy, text
from efface.evidence.packs import tables
from efface.evidence.referrals import letter, referring
from efface.sites.models import Network, Site
from tests import people
from tests.police.conftest import order

HOSTILE = ('=HYPERLINK("http://x.example")', "+1", "-1+2", "@SUM(A1)", "\t=1", "\r=1", "\n=1", " =1", "\u00a0=1", "|x",
           "%x", "\uff1d1", "\0=1", "\u202e=1", "\ufeff=1", "\u200b=1")  # fmt: skip
ROOT = Path(efface.__file__).parent
FIGURES = {"takedown/figures/exporting.py", "evidence/packs/tables.py", "evidence/referrals/letter.py",
           "accounts/invoicing.py", "accounts/demands.py", "console/places.py"}  # fmt: skip


@pytest.mark.parametrize("words", HOSTILE)
def test_a_cell_that_would_run_is_text(words: str) -> None:
    assert text.cell(words).startswith("'")


@pytest.mark.parametrize("words", ["plain", "a=b", "", "5", "two\nlines", "Zoë 😀", "https://a.example/?x=1"])
def test_other_words_stay_as_they_are(words: str) -> None:
    assert text.cell(words) == words
    assert text.cell(None) == ""


def writers() -> dict[str, str]:
    """Every module that writes CSV, with its source."""
    found = {}
    for path in ROOT.rglob("*.py"):
        source = path.read_text(encoding="utf-8")
        if any(isinstance(node, ast.Attribute) and node.attr in ("writer", "DictWriter") and
               isinstance(node.value, ast.Name) and node.value.id == "csv" for node in ast.walk(ast.parse(source))):
            found[path.relative_to(ROOT).as_posix()] = source
    return found


def test_whoever_writes_a_table_makes_its_cells_there() -> None:
    assert set(writers()) == FIGURES, "a new one is named here, after a look at its cells"
    assert [name for name, source in writers().items() if "text.cell(" not in source] == []


def runs(body: str) -> list[str]:
    cells = [cell for row in csv.reader(io.StringIO(body.lstrip("\ufeff"))) for cell in row]
    return [cell for cell in cells if cell.lstrip()[:1] in tuple("=+@|%")]


@pytest.mark.django_db
def test_tables_of_hostile_names(organisation: Any, now: Any) -> None:
    """The names of people, organisations, sites and networks, as strangers and colleagues may choose them."""
    officer, lead = people.worker(organisation, "investigator"), people.worker(organisation, "lead")
    User.objects.filter(pk__in=(officer.pk, lead.pk)).update(name='=cmd|"/c calc"!A1')
    case = people.open_case(organisation).case
    network = Network.objects.create(name="@SUM(1)", created=now)
    with tenancy.organisation(organisation.pk):
        consents.give(case, "police", "survivor", now)
        finding = people.make_finding(case, page="https://pictures.example/=1")
        Site.objects.filter(pk=finding.site_id).update(network=network)
        row = referring.refer(case, order(officer), f"lead:{lead.pk}", now)
        table = letter.table(row, '=cmd|"/c calc"!A1', now)
        asked = demands.Asked("=A court", "+names", "@1 Code", now.date())
        demands.note(Member.objects.get(user=lead), asked, now)
        register = demands.as_csv(demands.listed())
    sites = people.signed_in(lead).get("/console/sites/table/").content.decode()
    packed = tables.as_csv([{"a": one} for one in HOSTILE], ["a"]).decode()
    for body in (table, register, sites, packed):
        assert runs(body) == []
    assert "'=cmd" in table and "'=A court" in register and "'@SUM(1)" in sites
