"""Every lane from the first page to the case page, in Chromium: at the width of a phone and of a desk, with and without
scripts; no accessibility violation on the way. And leaving: what is left in the browser's history.

``EFFACE_SHOTS=DIR`` keeps a picture of each page there, to look at.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from django.utils.translation import gettext, override

from efface.accounts.models import Organisation
from efface.cases import classing
from efface.cases.models import Case, CaseFact, Message
from efface.engine.base import tenancy
from efface.engine.base.typeset import RIGHT_TO_LEFT
from tests.chromium import ORIGIN, chromium
from tests.conftest import role
from tests.console.test_browser import SIZES, judge
from tests.messages import LANGUAGES

pytestmark = [pytest.mark.browser, pytest.mark.django_db]

#: What somebody answers in each lane; everything else is left out.
WALKS: dict[str, dict[str, str]] = {
    "sextortion": {"safe_now": "yes", "country": "DE", "device": "nobody", "age": "adult", "demand": "money",
                   "publication_state": "threatened_only", "content": "real", "obtained": "video_call"},
    "threat": {"safe_now": "yes", "country": "ES", "device": "trusted", "age": "adult",
               "publication_state": "threatened_only", "demand": "no", "obtained": "shared"},
    "published": {"safe_now": "yes", "country": "FR", "age": "adult", "publication_state": "published_public",
                  "demand": "no", "taken_by": "self", "first": "gone"},
    "synthetic": {"country": "US", "age": "adult", "publication_state": "published_public", "content": "synthetic"},
    "minor": {"safe_now": "unknown", "country": "GB", "device": "feared", "age": "minor", "young_now": "yes",
              "publication_state": "published_public"},
    "assault": {"safe_now": "self_harm", "country": "NL", "age": "adult", "publication_state": "published_public",
                "obtained": "assault", "own_words": "It was in the spring."},
}  # fmt: skip


@pytest.fixture
def open_house(organisation: Any) -> Any:
    with role("efface_owner"):
        Organisation.objects.filter(pk=organisation.pk).update(opens_herself=True)
    return organisation


class Walker:
    """Somebody who opens a case and answers, by what the pages show."""

    def __init__(self, page: Any, name: str, problems: list[str], scheme: str, looks: bool = True) -> None:
        self.page, self.name, self.problems, self.scheme, self.looks = page, name, problems, scheme, looks
        self.seen: set[str] = set()

    def look(self, where: str) -> None:
        shots = os.environ.get("EFFACE_SHOTS", "")
        if shots:
            Path(shots).mkdir(parents=True, exist_ok=True)
            self.page.screenshot(path=f"{shots}/{self.name}-{where}-{SIZES[self.scheme][0]}.png", full_page=True)
        if self.looks and where not in self.seen:
            judge(self.page, f"{self.name} {where} {self.scheme}", self.problems, self.scheme)
        self.seen.add(where)

    def press(self, selector: str) -> None:
        with self.page.expect_navigation(timeout=15_000):
            self.page.click(selector)

    def opens(self) -> None:
        self.page.goto(ORIGIN + "/")
        self.look("start")
        self.press("a.button[href='/begin/']")
        self.look("begin")
        self.press("#begin button")
        code = self.page.inner_text("[data-fact=access-code]")
        self.look("code")
        self.page.fill("#typed", code.replace("-", " ").upper())
        self.press("#typed-back button")
        self.look("word")
        self.press("a.button[href='/case/steps/']")

    def answers(self, given: dict[str, str]) -> None:
        for _ in range(20):
            if not self.page.locator("#ask").count():
                return
            name = self.page.get_attribute("#ask", "data-question") or ""
            self.look(f"ask-{name}")
            value = given.get(name)
            if value is None:
                self.press("#ask button[name=leave]")
                continue
            if name == "country":
                self.page.select_option("#value", value)
            elif name == "own_words":
                self.page.fill("#value", value)
            else:
                self.page.check(f"#ask input[value={value}]")
            self.press("#ask button.primary")
        raise AssertionError("the questions do not end")


@pytest.mark.slow
@pytest.mark.parametrize("scripts", [True, False], ids=["scripts", "no-scripts"])
@pytest.mark.parametrize("scheme", sorted(SIZES))
def test_every_lane_from_the_first_page_to_its_steps(open_house: Any, now: Any, scheme: str, scripts: bool) -> None:
    problems: list[str] = []
    _size, width, height = SIZES[scheme]
    with chromium() as browser:
        for lane, given in WALKS.items():
            options = {"width": width, "height": height, "color_scheme": scheme, "java_script_enabled": scripts}
            with browser.page(Client(REMOTE_ADDR=f"10.1.1.{len(lane)}"), **options) as page:
                _walk(page, lane, given, problems, scheme, scripts)
        assert browser.outside == [] and browser.complaints == []
    assert not problems, "\n".join(problems)
    with tenancy.organisation(open_house.pk):
        assert sorted(classing.lane(case) for case in Case.objects.all()) == sorted(WALKS)
        assert Case.objects.filter(by_herself=True, worker=None, level="declared").count() == len(WALKS)
        assert set(Case.objects.filter(danger=True).values_list("country", flat=True)) == {"NL"}


def _walk(page: Any, lane: str, given: dict[str, str], problems: list[str], scheme: str, scripts: bool) -> None:
    # axe is a script: pages are judged where scripts run, and only walked where they do not.
    her = Walker(page, lane, problems, scheme, looks=scripts)
    her.opens()
    her.answers(given)
    assert page.get_attribute("[data-fact=lane]", "data-lane") == lane
    her.look("said")
    her.press("a.button.primary[href='/case/']")
    assert page.get_attribute("#lane", "data-lane") == lane
    her.look("case")
    assert page.locator("input[type=file]").count() == 0
    step = page.locator("#lane li[data-step]").first.get_attribute("data-step")
    her.press(f"#lane button[value={step}]")
    assert page.get_attribute(f"li[data-step={step}]", "data-done") == "yes"
    if lane == "assault":
        assert "0800-0113" in page.inner_text("#aid"), "who listens is shown at once"
        her.press("#lane button[value=place]")
        assert page.locator("[data-fact=holding]").count() == 1
    if lane == "minor":
        assert "childline.org.uk/remove" in page.inner_text("#lane")
        for path in ("/case/pictures/", "/case/lists/", "/case/me/", "/case/"):
            page.goto(ORIGIN + path)
            assert page.locator("input[type=file]").count() == 0, path


@pytest.mark.slow
@pytest.mark.parametrize("language", LANGUAGES)
def test_a_lane_in_her_language(open_house: Any, now: Any, language: str) -> None:
    """Every lane where the page is turned round, one elsewhere."""
    problems: list[str] = []
    with chromium() as browser:
        for lane in WALKS if language in RIGHT_TO_LEFT else ["sextortion"]:
            with browser.page(Client(headers={"accept-language": language}, REMOTE_ADDR=f"10.1.2.{len(lane)}")) as page:
                her = Walker(page, f"{lane}-{language}", problems, "light")
                her.opens()
                her.answers(WALKS[lane])
                assert page.get_attribute("[data-fact=lane]", "data-lane") == lane
                her.press("a.button.primary[href='/case/']")
                her.look("case")
                if lane == "sextortion":
                    with override(language):
                        said = gettext("Somebody blackmails you")
                    assert page.inner_text("#h-lane") == said != "Somebody blackmails you"
                    page.goto(ORIGIN + "/advice/")
                    her.look("advice")
    assert not problems, "\n".join(problems)


@pytest.mark.slow
def test_pages_beside_the_way(open_house: Any, now: Any) -> None:
    """Advice, wrong codes typed back, a recovery word, losing the code, what was typed and not sent."""
    problems: list[str] = []
    for scheme, (_size, width, height) in SIZES.items():
        with chromium() as browser, browser.page(
            Client(REMOTE_ADDR=f"10.2.{width}.1"), width=width, height=height, color_scheme=scheme
        ) as page:
            her = Walker(page, "beside", problems, scheme)
            page.goto(ORIGIN + "/advice/")
            her.look("advice")
            page.goto(ORIGIN + "/back/")
            her.look("back")
            page.goto(ORIGIN + "/begin/")
            her.press("#begin button")
            code = page.inner_text("[data-fact=access-code]")
            page.fill("#typed", code[:-1] + ("b" if code[-1] == "a" else "a"))
            page.click("#typed-back button")
            page.wait_for_selector("[role=alert]")
            assert "4" in page.inner_text("[role=alert]")
            her.look("wrong-group")
            page.goto(ORIGIN + "/case/messages/")
            assert page.inner_text("[data-fact=access-code]") == code, "nothing goes on before she has it"
            page.fill("#typed", code)
            her.press("#typed-back button")
            page.fill("#word", "short")
            page.click("#word-form button")
            page.wait_for_selector("[role=alert]")
            page.fill("#word", "a blue kettle sings")
            her.press("#word-form button")
            page.goto(ORIGIN + "/case/access/")
            her.look("access")
            page.goto(ORIGIN + "/case/steps/own_words/")
            page.fill("#value", "Half a sentence")
            page.goto(ORIGIN + "/case/messages/")
            page.fill("#text", "Half a message")
            with page.expect_response("**/case/typed/keep/"):
                pass
            page.goto(ORIGIN + "/case/messages/")
            assert page.input_value("#text") == "Half a message"
            page.goto(ORIGIN + "/case/typed/")
            assert "Half a message" in page.input_value("[data-draft] textarea")
            her.look("typed")
            her.press("[data-draft] button.primary")
            assert "Half a message" in page.inner_text(".thread")
            assert browser.outside == [] and len(browser.complaints) == 2, browser.complaints
    assert not problems, "\n".join(problems)
    with tenancy.organisation(open_house.pk):
        assert Message.objects.count() == 2


@pytest.mark.slow
def test_leaving_leaves_no_trail_for_the_back_button(open_house: Any, now: Any) -> None:
    with chromium() as browser, browser.page(Client()) as page:
        page.goto("about:blank")
        her = Walker(page, "trail", [], "light", looks=False)
        her.opens()
        her.answers({"safe_now": "yes", "device": "feared"})
        her.press("a.button.primary[href='/case/']")
        assert page.evaluate("history.length") == 2, "about:blank, and one page of ours"
        page.keyboard.press("Escape")
        # The redirect from /leave/ to the page about plants is followed on the server's side here.
        page.wait_for_url("**/leave/")
        assert "house plants" in page.inner_text("h1") and page.evaluate("history.length") == 2
        page.go_back()
        assert page.url == "about:blank"
        page.go_forward()
        assert page.url == ORIGIN + "/leave/"
        page.goto(ORIGIN + "/case/")
        assert page.inner_text("h1") == "Your access code", "the session is over"


@pytest.mark.slow
def test_she_is_told_before_the_session_ends_and_can_stay(open_house: Any, now: Any) -> None:
    with chromium() as browser, browser.page(Client()) as page:
        her = Walker(page, "idle", [], "light", looks=False)
        her.opens()
        page.clock.install()
        page.goto(ORIGIN + "/case/messages/")
        page.clock.fast_forward("11:00")
        assert not page.is_visible("#idle")
        page.clock.fast_forward("02:00")
        assert page.is_visible("#idle")
        judge(page, "warning", problems := [], "light")
        assert problems == []
        with page.expect_response("**/case/stay/"):
            page.click("#stay")
        page.wait_for_selector("#idle", state="hidden")
        page.fill("#text", "Still here")
        page.clock.fast_forward("15:00")
        page.wait_for_url("**/leave/")
    with tenancy.organisation(open_house.pk):
        assert CaseFact.objects.count() == 0
        from efface.cases.models import Draft

        assert [one.fields for one in Draft.objects.all()] == [{"topic": "question", "text": "Still here"}]
