"""An answer that came too late, in Chromium at both widths: what was typed stands on the page, to be used elsewhere."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from efface.cases import messages
from efface.cases.models import Message
from efface.engine.base import tenancy
from tests.chromium import ORIGIN, chromium
from tests.console.test_browser import SIZES, judge, shot
from tests.console.test_browser_keys import beside

pytestmark = [pytest.mark.browser, pytest.mark.django_db]
WORDS = "Dear A., two of the pages are gone.\nThe third one is asked for again on Monday."


def test_what_was_typed_too_late_is_not_lost(organisation: Any, case: Any, desk: Client, now: Any) -> None:
    problems: list[str] = []
    with chromium() as browser:
        for scheme in SIZES:
            name, width, height = SIZES[scheme]
            with beside(browser, organisation):
                asked = messages.write(case, from_survivor=True, author="survivor", text="Anything new?", now=now)
            with browser.page(desk, width=width, height=height, color_scheme=scheme) as page:
                page.goto(f"{ORIGIN}/console/decision/message/{asked.pk}/")
                page.fill("textarea[name=text]", WORDS)
                with beside(browser, organisation):
                    Message.objects.filter(pk=asked.pk).update(read_at=now)
                page.click("button[value=answer]")
                page.wait_for_selector("[data-fact=typed]")
                assert "The third one is asked for again" in page.inner_text("[data-fact=typed]")
                assert "Nothing was done a second time" in page.inner_text("main, body")
                judge(page, "late", problems, scheme)
                shot(page, f"late-{name}")
    with tenancy.organisation(organisation.pk):
        assert not case.messages.filter(from_survivor=False).exists()
    assert not problems, "\n".join(problems)
