"""The evidence of a case in Chromium, at the width of a phone and of a desk: empty, full, refused; the sealed file."""

from __future__ import annotations

import io
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.db import connections

from efface.cases import holds
from efface.engine.base import age, tenancy
from efface.evidence import keeping, sealed_copies
from efface.evidence.models import Kept, Pack
from efface.evidence.packs import making, verifying
from efface.search.models import Finding
from tests import people
from tests.chromium import ORIGIN, chromium
from tests.conftest import NOON
from tests.console.test_browser import SIZES, judge, look, shot
from tests.evidence.packing import chat, full_case

pytestmark = [pytest.mark.browser, pytest.mark.django_db]


@pytest.fixture
def case(organisation: Any, now: Any, monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.setenv("EFFACE_SEALED_COPIES", "yes")
    asker = people.worker(organisation, "caseworker")
    other = people.open_case(organisation).case
    with tenancy.organisation(organisation.pk):
        from efface.evidence.extortion import deciding

        case = full_case(organisation, monkeypatch)
        mixed = "send <b>500 $</b> to \u202egro.live@ on Telegram \U0001f621 " + "x" * 300
        monkeypatch.setattr(keeping.uploading, "read_kept", lambda name, data, look: chat(name, mixed))
        keeping.take_in(case, "<img src=x>.txt", b"y", agreed=True, actor="caseworker:1", now=NOON)
        deciding.add(other, "handle", "bad.guy", "telegram", "caseworker:1", NOON)
        hold = holds.place(case, reason="x", owner="Court", ends=NOON + timedelta(days=9), actor="lead:1", now=NOON)
        finding = Finding.objects.get(case=case)
        sealed_copies.ask(case, finding, hold, "Order 12", asker, f"caseworker:{asker.pk}", NOON)
    return case


@pytest.mark.slow
def test_the_pages(organisation: Any, case: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    empty = people.open_case(organisation).case
    with tenancy.organisation(organisation.pk):
        kept = Kept.objects.filter(case=case).first()
        assert kept is not None
    lead = people.signed_in(people.worker(organisation, "lead"))
    place = f"/console/cases/{case.pk}/"
    pages = {
        "evidence": place + "evidence/", "evidence-empty": f"/console/cases/{empty.pk}/evidence/",
        "take-in": place + "evidence/take-in/", "kept": f"{place}evidence/kept/{kept.pk}/",
        "pack-new": place + "packs/new/", "pack-new-empty": f"/console/cases/{empty.pk}/packs/new/",
    }  # fmt: skip
    problems: list[str] = []
    for scheme in SIZES:
        with chromium() as browser:
            look(browser, lead, pages, problems, scheme)
            assert browser.outside == []
    assert not problems, "\n".join(problems)


def test_a_pack_from_the_form_to_the_file(organisation: Any, case: Any) -> None:
    """Filled in at the width of a phone; a refusal keeps what was typed; the button can be pressed again."""
    secret, public = age.new_identity()
    lead = people.signed_in(people.worker(organisation, "lead"))
    problems: list[str] = []
    with chromium() as browser, browser.page(lead, width=390, height=844) as page:
        page.goto(f"{ORIGIN}/console/cases/{case.pk}/packs/new/")
        page.fill("#recipient", "Desk 4")
        page.fill("#key", public[:-1] + ("q" if public[-1] != "q" else "p"))
        page.click("#pack button.primary")
        assert "one letter of this key is wrong" in page.inner_text("[role=alert]")
        assert page.input_value("#recipient") == "Desk 4"
        shot(page, "pack-refused")
        judge(page, "pack refused", problems, "light")
        page.fill("#key", public)
        page.click("#pack button.primary")
        assert "being made" in page.inner_text(".messages")
        # Inside Playwright's loop Django would open a connection of its own, blind to the test's transaction.
        connections["default"] = browser.connection
        with tenancy.organisation(organisation.pk):
            pack = Pack.objects.get(case=case)
        making.make(organisation=organisation.pk, pack=pack.pk)
        page.reload()
        for _ in range(2):
            with page.expect_download() as waiting:
                page.click("[data-pack=ready] form.download button")
        data = Path(waiting.value.path()).read_bytes()
        assert waiting.value.suggested_filename.endswith(".zip.age")
        shot(page, "evidence-ready")
        judge(page, "pack ready", problems, "light")
        page.click("text=Read all of them again and check")
        assert "whole" in page.inner_text("[data-fact=chain]")
        assert "what it was" in page.inner_text("[data-fact=checked]")
        shot(page, "evidence-checked")
        judge(page, "checked", problems, "light")
        assert browser.outside == []
    assert verifying.verify(io.BytesIO(data), secret).ok
    assert not problems, "\n".join(problems)
