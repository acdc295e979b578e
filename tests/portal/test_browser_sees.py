"""Her pages in Chromium for those who see, hear or move otherwise: every page at 320 px and at 200 % zoom, right to
left, with forced colours, by keyboard alone, and with no movement. ``EFFACE_SHOTS=DIR`` keeps a picture of each."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

import efface
from tests import people
from tests.chromium import ORIGIN, chromium
from tests.portal.pages import HERS, PUBLIC, WIDER, axe, shot

pytestmark = [pytest.mark.browser, pytest.mark.django_db]


@pytest.mark.slow
@pytest.mark.parametrize(("how", "width", "height"), [("small", 320, 568), ("zoomed", 640, 400), ("phone", 390, 844)])
def test_every_page_reflows_and_is_named(world: Any, how: str, width: int, height: int) -> None:
    """320 px is WCAG 1.4.10; 640 by 400 is what a 1280 by 800 screen is at 200 %."""
    her, problems = people.entered(world.access_code), []
    with chromium() as browser:
        with browser.page(her, width=width, height=height, reduced_motion="reduce") as page:
            for name, path in {**PUBLIC, **HERS}.items():
                page.goto(ORIGIN + path)
                shot(page, f"{name}-{how}")
                problems += [f"{name}: {one}" for one in axe(page)]
                if wider := page.evaluate(WIDER):
                    problems.append(f"{name}: wider by {wider}")
        assert browser.outside == [] and browser.complaints == []
    assert not problems, "\n".join(problems)


@pytest.mark.slow
def test_every_page_right_to_left_and_with_forced_colours(world: Any) -> None:
    """The page is turned round as it stands; nothing hangs at a side by name, so nothing falls out."""
    her, problems = people.entered(world.access_code), []
    with chromium() as browser:
        with browser.page(her, width=360, height=740, forced_colors="active") as page:
            for name, path in {**PUBLIC, **HERS}.items():
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
            for name, path in {**PUBLIC, **HERS}.items():
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
