"""Her pages in Chromium for those who see, hear or move otherwise: every page at 320 px and at 200 % zoom, right to
left, with forced colours, by keyboard alone, and with no movement. ``EFFACE_SHOTS=DIR`` keeps a picture of each."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import Any

import pytest

import efface
from efface.cases import consents, events, links, messages, naming, own, reaching, telling
from efface.cases.models import Case, ReportedLink
from efface.engine.base import tenancy
from efface.search import deciding, revising
from tests import people
from tests.chromium import ORIGIN, chromium
from tests.messages import LANGUAGES

pytestmark = [pytest.mark.browser, pytest.mark.django_db]

PAGES = {
    "start": "/", "enter": "/enter/", "places": "/places/", "place": "/places/de/", "neutral": "/page/",
    "case": "/case/", "less": "/case/?show=all", "allow": "/case/allow/", "messages": "/case/messages/",
    "timeline": "/case/timeline/", "pictures": "/case/pictures/", "me": "/case/me/", "lists": "/case/lists/",
    "questions": "/case/questions/", "contact": "/case/contact/", "links": "/case/links/",
    "advice": "/advice/", "begin": "/begin/", "back": "/back/", "access": "/case/access/", "steps": "/case/steps/",
    "typed": "/case/typed/",
}  # fmt: skip
MORE = {
    "word": "/case/code/word/", "talk": "/case/talk/", "proof": "/case/proof/", "letter": "/case/letter/",
    "uses": "/case/allow/of/notify/", "everything": "/case/everything/", "erase": "/case/end/", "own": "/own/",
    "statements": "/statements/", "ask": "/case/steps/country/",
}  # fmt: skip
RULES = {"runOnly": {"type": "tag", "values": [
    "wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice",
]}}  # fmt: skip
WIDER = """() => {
  const wide = document.documentElement.scrollWidth - document.documentElement.clientWidth;
  if (wide <= 0) return "";
  const out = [...document.querySelectorAll("main *, header *, footer *")].find(
    (one) => { const box = one.getBoundingClientRect(); return box.right > innerWidth + 1 || box.left < -1; });
  return wide + " px: " + (out ? out.outerHTML.slice(0, 120) : "?");
}"""


@pytest.fixture
def world(organisation: Any, now: Any, monkeypatch: pytest.MonkeyPatch) -> Any:
    """A case with one of everything she can see."""
    monkeypatch.setenv("EFFACE_QUIET_MAIL_FROM", "post@plain.example")
    opened = people.open_case(organisation, name="Subject A")
    case = opened.case
    with tenancy.organisation(organisation.pk):
        Case.objects.filter(pk=case.pk).update(level="attested")
        for purpose in ("hash_match", "copy_match", "text_search", "notify"):
            consents.give(case, purpose, "survivor", now)
        for number in range(7):
            people.make_match(case, kind="face", score=0.71, state="asked", page=f"https://pictures.example/q/{number}")
        answered = people.make_match(case, state="asked", page="https://pictures.example/answered")
        deciding.answer(answered, "not-me", "unknown", "survivor", now)
        later = people.make_match(case, state="asked", page="https://pictures.example/later")
        revising.put_off([later], "survivor", now)
        finding = people.make_finding(case)
        people.make_notice(finding, state="sent", sent_at=now)
        people.make_check(finding)
        people.make_finding(case, age="unknown", kind="face", page="https://pictures.example/p/3")
        people.make_finding(case, state="gone-confirmed", page="https://pictures.example/p/4")
        events.record(case, "finding.reappeared", "engine", subject=finding.pk, now=now, episode=2)
        naming.add(case, "handle", "quietlake_94", "survivor", now)
        own.add(case, "https://example.org/her", "survivor", now)
        first = messages.write(case, from_survivor=True, author="survivor", text="Is it there?", now=now,
                               topic="question")  # fmt: skip
        messages.write(case, from_survivor=True, author="survivor", text="Another thing", now=now, topic="worry")
        messages.write(case, from_survivor=False, author="caseworker:1", text="Not any more.", now=now, about=first)
        link = links.report(case, "https://pictures.example/" + "very-long-" * 20, "survivor", now)
        ReportedLink.objects.filter(pk=link.pk).update(handled_at=now, outcome="no answer")
        links.report(case, "https://pictures.example/next", "survivor", now)
        held = reaching.Rules(channel="mail", to="someone@mail-box.example", from_hour=18, to_hour=20)
        reaching.set_rules(case, held, "survivor", now)
        telling.tell(case, "returned", finding.pk, now)
    return opened


def axe(page: Any) -> list[str]:
    from axe_playwright_python.sync_playwright import Axe

    found = Axe().run(page, options=RULES).response["violations"]
    return [f"{one['id']} {[node['html'][:160] for node in one['nodes'][:3]]}" for one in found]


def shot(page: Any, name: str) -> None:
    shots = os.environ.get("EFFACE_SHOTS", "")
    if shots:
        Path(shots).mkdir(parents=True, exist_ok=True)
        page.screenshot(path=f"{shots}/{name}.png", full_page=True)


@pytest.mark.slow
@pytest.mark.parametrize(("how", "width", "height"), [("small", 320, 568), ("zoomed", 640, 400), ("phone", 390, 844)])
def test_every_page_reflows_and_is_named(world: Any, how: str, width: int, height: int) -> None:
    """320 px is WCAG 1.4.10; 640 by 400 is what a 1280 by 800 screen is at 200 %."""
    her, problems = people.entered(world.access_code), []
    with chromium() as browser:
        with browser.page(her, width=width, height=height, reduced_motion="reduce") as page:
            for name, path in PAGES.items():
                page.goto(ORIGIN + path)
                shot(page, f"{name}-{how}")
                problems += [f"{name}: {one}" for one in axe(page)]
                if wider := page.evaluate(WIDER):
                    problems.append(f"{name}: wider by {wider}")
        assert browser.outside == [] and browser.complaints == []
    assert not problems, "\n".join(problems)


@pytest.mark.slow
@pytest.mark.parametrize("language", LANGUAGES)
def test_every_page_reflows_in_her_language(world: Any, language: str) -> None:
    """Words are longer elsewhere: nothing is wider than the screen of an old phone, and the page says its language."""
    her, problems = people.entered(world.access_code), []
    her.post("/language/", {"language": language})
    with chromium() as browser:
        for width, height in ((320, 568), (390, 844), (1280, 800)):
            with browser.page(her, width=width, height=height, reduced_motion="reduce") as page:
                for name, path in PAGES.items():
                    page.goto(ORIGIN + path)
                    shot(page, f"{name}-{language}-{width}")
                    if width == 390:
                        problems += [f"{name}: {one}" for one in axe(page)]
                    if wider := page.evaluate(WIDER):
                        problems.append(f"{name} {width}: wider by {wider}")
                    if page.get_attribute("html", "lang") != language:
                        problems.append(f"{name}: not in {language}")
        assert browser.outside == [] and browser.complaints == []
    assert not problems, "\n".join(problems)


@pytest.mark.slow
def test_every_page_right_to_left_and_with_forced_colours(world: Any) -> None:
    """The page is turned round as it stands; nothing hangs at a side by name, so nothing falls out."""
    her, problems = people.entered(world.access_code), []
    with chromium() as browser:
        with browser.page(her, width=360, height=740, forced_colors="active") as page:
            for name, path in PAGES.items():
                page.goto(ORIGIN + path)
                page.evaluate("document.documentElement.dir = 'rtl'")
                shot(page, f"{name}-rtl")
                problems += [f"{name}: {one}" for one in axe(page) if "color-contrast" not in one]
                if wider := page.evaluate(WIDER):
                    problems.append(f"{name}: wider by {wider}")
                # The exit stands at the end of the line, which is on the left now.
                if page.locator("a.exit").count() and page.locator("a.exit").bounding_box()["x"] > 180:
                    problems.append(f"{name}: the exit did not turn round")
        assert browser.complaints == []
    assert not problems, "\n".join(problems)


@pytest.mark.slow
@pytest.mark.parametrize(("how", "width", "height"), [("phone", 390, 844), ("desk", 1280, 900)])
def test_every_page_in_arabic(world: Any, how: str, width: int, height: int) -> None:
    """In its own words, turned round by the server: no violation, nothing too wide, the exit at the end of its line."""
    her, problems = people.entered(world.access_code), []
    her.post("/language/", {"language": "ar"})
    with chromium() as browser:
        with browser.page(her, width=width, height=height) as page:
            for name, path in {**PAGES, **MORE}.items():
                page.goto(ORIGIN + path)
                shot(page, f"{name}-ar-{how}")
                problems += [f"{name}: {one}" for one in axe(page)]
                if wider := page.evaluate(WIDER):
                    problems.append(f"{name}: wider by {wider}")
                if page.evaluate("document.documentElement.dir") != "rtl":
                    problems.append(f"{name}: not turned round")
                if page.locator("a.exit").count() and page.locator("a.exit").bounding_box()["x"] > width / 2:
                    problems.append(f"{name}: the exit did not turn round")
        assert browser.outside == [] and browser.complaints == []
    assert not problems, "\n".join(problems)


def test_nothing_in_the_style_sheet_hangs_at_a_side_by_name() -> None:
    sheet = (Path(efface.__file__).parent / "portal/static/efface/style.css").read_text(encoding="utf-8")
    sides = re.compile(
        r"(?<![\w-])(?:margin|padding|border)-(?:left|right)|(?<![\w-])(?:left|right)\s*:"
        r"|(?:text-align|float):\s*(?:left|right)"
    )
    assert sides.findall(sheet) == []
    assert sides.findall("p { margin-left: 1px } b { float: left }") != []
    assert "prefers-reduced-motion" in sheet and "forced-colors" in sheet


@pytest.mark.slow
def test_by_keyboard_alone(organisation: Any, world: Any) -> None:
    """Skip link, an answer, undo, a message: Tab, arrows, Space and Enter; the focus is always to be seen."""
    her = people.entered(world.access_code)
    with chromium() as browser:
        with browser.page(her, width=390, height=844) as page:
            page.goto(ORIGIN + "/case/")
            page.keyboard.press("Tab")
            assert page.evaluate("document.activeElement.className") == "skip"
            page.keyboard.press("Enter")
            seen = set()
            for _step in range(120):
                page.keyboard.press("Tab")
                at = page.evaluate(
                    "() => { const one = document.activeElement, style = getComputedStyle(one), box ="
                    " one.getBoundingClientRect(); return [one.tagName, one.textContent.trim().slice(0, 40),"
                    " style.outlineStyle, box.width > 0 && box.height > 0]; }"
                )
                if at[0] == "BODY":
                    break
                assert at[2] != "none" and at[3], at
                seen.add(at[1])
                if at[1] == "Not now":
                    break
            with page.expect_navigation():
                page.keyboard.press("Enter")
            assert "Left for later" in page.inner_text("[role=status] >> nth=0")
            page.goto(ORIGIN + "/case/messages/")
            page.focus("#text")
            page.keyboard.type("By keyboard")
            page.keyboard.press("Tab")
            with page.expect_navigation():
                page.keyboard.press("Enter")
            assert "By keyboard" in page.inner_text("main")
        assert browser.complaints == []


@pytest.mark.slow
def test_states_are_told_by_words_and_not_by_colour(world: Any) -> None:
    """Without any colour (achromatopsia) nothing is lost: each finding and tag says in words what its colour says."""
    her = people.entered(world.access_code)
    with chromium() as browser, browser.page(her, width=390, height=844) as page:
        page.goto(ORIGIN + "/case/")
        cards = page.locator("article[data-finding]")
        assert cards.count() == 3
        for number in range(cards.count()):
            assert len(cards.nth(number).locator("[data-fact=now]").inner_text()) > 10
        assert page.locator("[role=status]").count() >= 1
