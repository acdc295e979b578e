"""Every page of her door in every language offered, in Chromium at the width of a phone: no accessibility violation,
no request to anybody else, no complaint of the browser, nothing that scrolls sideways, also at 320 px (200 % zoom of a
small window), and nothing that moves where she asked for no movement.

At the end of the run a table says what axe found, by page and language (``tests.axe``).
``EFFACE_SHOTS=DIR`` keeps a picture of each page there, to look at.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings as offered
from django.test import Client
from django.urls import resolve

import efface
from efface.accounts.models import Organisation
from tests import people
from tests.axe import table
from tests.chromium import ORIGIN, Browser, chromium
from tests.conftest import role
from tests.console.test_access import MATRIX, address, routed
from tests.portal.pages import HERS, KEPT_OUT, PUBLIC, WIDER, YOUNG, axe, shot

pytestmark = [pytest.mark.browser, pytest.mark.django_db]
CATALOGUES = sorted(
    path.parts[-3] for path in (Path(efface.__file__).parent / "portal/locale").glob("*/LC_MESSAGES/django.po")
)
LANGUAGES = sorted({code for code, _name in offered.LANGUAGES} | set(CATALOGUES))
"""Those that are offered, and those whose catalogue is there to be offered."""
NARROW = 320
MOVES = """() => document.getAnimations().length + [...document.querySelectorAll("*")].filter(one => {
  const style = getComputedStyle(one);
  return [style.transitionDuration, style.animationDuration].some(
    said => said.split(",").some(part => parseFloat(part) > 0.01));
}).length"""


@pytest.fixture
def house(organisation: Any, settings: Any) -> Any:
    """Survivors open cases by themselves here, and every language with a catalogue is offered."""
    with role("efface_owner"):
        Organisation.objects.filter(pk=organisation.pk).update(opens_herself=True)
    known = dict(settings.LANGUAGES)
    settings.LANGUAGES = [(code, known.get(code, code)) for code in LANGUAGES]
    return organisation


class Looker:
    """Opens pages and judges them; every problem is named by its page. ``violations``: how many axe found, by page."""

    def __init__(self, browser: Browser, language: str) -> None:
        self.browser, self.language = browser, language
        self.problems: list[str] = []
        self.violations: dict[str, int] = {}

    def over(self, client: Client, pages: dict[str, str]) -> None:
        with self.page(client) as page:
            for name, path in pages.items():
                page.goto(ORIGIN + path)
                self.look(page, name)

    def page(self, client: Client, **options: Any) -> Any:
        client.defaults["HTTP_ACCEPT_LANGUAGE"] = self.language
        return self.browser.page(client, width=390, height=844, reduced_motion="reduce", **options)

    def look(self, page: Any, name: str) -> None:
        shot(page, f"{name}-{self.language}")
        found = axe(page)
        self.violations[name] = len(found)
        found = [*found, *self._stands(page, name)]
        found += [f"asks {url}" for url in self.browser.outside]
        found += [f"the browser says: {words}" for words in self.browser.complaints if "status of 4" not in words]
        self.browser.outside.clear()
        self.browser.complaints.clear()
        self.problems += [f"{name} {self.language}: {one}" for one in found]

    def _stands(self, page: Any, name: str) -> Iterator[str]:
        if not page.locator("h1").count():
            yield "has no heading"
        shown = page.evaluate("[document.documentElement.lang, document.documentElement.dir]")
        if shown != [self.language, "rtl" if self.language in ("ar", "fa", "he", "ur") else "ltr"]:
            yield f"is shown as {shown}"
        if moving := page.evaluate(MOVES):
            yield f"{moving} things move"
        for width in (390, NARROW):
            page.set_viewport_size({"width": width, "height": 844})
            if wider := page.evaluate(WIDER):
                yield f"wider than {width} px by {wider}"
        page.set_viewport_size({"width": 390, "height": 844})


@pytest.mark.slow
@pytest.mark.parametrize("language", LANGUAGES)
def test_every_page_in_every_language(
    house: Any, world: Any, now: Any, language: str, record_property: Callable[[str, Any], None]
) -> None:
    young, block = people.open_case(house, age="minor"), people.open_case(house, kind="block")
    whole, hers, late, hers_young, hers_block = (
        people.entered(one.access_code) for one in (world, world, world, young, block)
    )
    with chromium() as browser:
        eyes = Looker(browser, language)
        for client, pages in ((Client(), PUBLIC), (whole, HERS), (hers_young, YOUNG), (hers_block, KEPT_OUT)):
            eyes.over(client, pages)
        _answers(eyes, hers, late)
    record_property("axe", {"language": language, "pages": eyes.violations})
    assert not eyes.problems, "\n".join(eyes.problems)


def _answers(eyes: Looker, hers: Client, late: Client) -> None:
    """Pages that answer a form: what was refused, what was done, and what came too late."""

    def send(page: Any, name: str, path: str, script: str) -> None:
        page.goto(ORIGIN + path)
        with page.expect_navigation():
            page.evaluate(f"() => {{ {script} }}")
        eyes.look(page, name)

    def pressed(form: str, name: str, value: str) -> str:
        field = f"<input type=hidden name={name} value={value}>"
        return f"const one = document.querySelector('{form}');" + (
            f" one.insertAdjacentHTML('beforeend', '{field}'); one.submit()"
        )

    with eyes.page(Client()) as page:
        wrong = "document.querySelector('#code').value = 'aaaa-bbbb-cccc-dddd';"
        send(page, "enter-wrong", "/enter/", wrong + "document.querySelector('#enter').submit()")
        lost = "document.querySelector('#number').value = 'AAAA-BBBB'; document.querySelector('#word').value = 'no';"
        send(page, "back-wrong", "/back/", lost + "document.querySelector('#recover').submit()")
        stale = "document.querySelector('#begin [name=csrfmiddlewaretoken]').value = 'x';"
        send(page, "open-too-long", "/begin/", stale + "document.querySelector('#begin').submit()")
        send(page, "code", "/begin/", "document.querySelector('#begin').submit()")
    with eyes.page(hers) as page:
        word = "document.querySelector('#word-form').noValidate = true; document.querySelector('#word').value = 'a';"
        send(page, "word-wrong", "/case/code/word/", word + "document.querySelector('#word-form').submit()")
        link = "document.querySelector('#url').value = 'no address';"
        send(page, "link-wrong", "/case/links/", link + "document.querySelector('#link').submit()")
        send(page, "record", "/case/timeline/", pressed("#record", "look", "page"))
        send(page, "end-wrong", "/case/end/", "document.querySelector('main form:last-of-type').submit()")
        send(page, "paused", "/case/", pressed("form.stop", "choice", "stop"))
    with eyes.page(late) as page:
        page.goto(ORIGIN + "/case/messages/")
        del late.cookies["s"]
        page.fill("#text", "Something long")
        with page.expect_navigation():
            page.evaluate("document.querySelector('#text').form.submit()")
        eyes.look(page, "signed-out")


def test_no_page_is_left_out(house: Any, world: Any, now: Any) -> None:
    """Every address of the portal that answers with a page stands in the lists above, or is the answer to a form."""
    her, looked_at = people.entered(world.access_code), set()
    for path in {**PUBLIC, **HERS}.values():
        if path != "/no-such-page/":
            looked_at.add(resolve(path.partition("?")[0]).url_name)
    pages = set()
    for name, pattern in routed().items():
        if name.startswith("portal:") and MATRIX[name] & {"survivor", "public"} and name != "portal:leave":
            answer = her.get(address(name, pattern))
            if answer.status_code == 200 and answer.headers["Content-Type"].startswith("text/html"):
                pages.add(name.removeprefix("portal:"))
    assert len(pages) > 25 and pages - looked_at == set()


@pytest.mark.slow
def test_what_is_wrong_is_seen(house: Any, now: Any) -> None:
    """A picture from elsewhere, a field without a name, something that moves and something too wide are each told."""
    with chromium() as browser:
        eyes = Looker(browser, "en")
        # As if the policy of the page let everything through: then it is the request itself that is seen.
        with eyes.page(Client(), bypass_csp=True) as page:
            page.goto(ORIGIN + "/enter/")
            page.evaluate(
                "() => { document.querySelector('main').insertAdjacentHTML('beforeend', '<input id=bad>'"
                " + '<div class=wide>x</div>');"
                " const wide = document.querySelector('.wide').style; wide.width = '900px'; "
                " wide.setProperty('transition', 'all 3s', 'important');"
                " fetch('http://elsewhere.example/a.gif').catch(() => 0); }"
            )
            page.wait_for_timeout(200)
            eyes.look(page, "enter")
    told = "\n".join(eyes.problems)
    for part in ("label", "things move", "wider than 320", "asks http://elsewhere.example/"):
        assert part in told, told
    assert eyes.violations == {"enter": 1}
    lines = table([{"language": "en", "pages": {"enter": 1, "start": 0}}, {"language": "de", "pages": {"start": 0}}])
    assert [line.split() for line in lines[1:]] == [
        ["enter", "-", "1"], ["start", "0", "0"], ["3", "pages", "looked", "at,", "1", "violations"],
    ]  # fmt: skip


@pytest.mark.slow
def test_every_page_can_be_used_without_scripts(house: Any, world: Any, now: Any) -> None:
    """Each form on each page has a button that sends it, to be seen and pressed where no script runs; but for what
    needs the device, which is not there then, and beside which stands what to do instead."""
    problems, hers = [], people.entered(world.access_code)
    with chromium() as browser:
        for client, pages in ((Client(), PUBLIC), (hers, HERS)):
            with browser.page(client, java_script_enabled=False) as page:
                for name, path in pages.items():
                    page.goto(ORIGIN + path)
                    assert page.locator("h1").is_visible(), name
                    for form in page.locator("main form[method=post]").all():
                        if form.locator("xpath=ancestor::*[@id='device'][@hidden]").count():
                            assert page.locator("#upload").is_visible(), name
                            continue
                        buttons = form.locator("button:not([type=button])")
                        if not any(one.is_visible() or _folded(one) for one in buttons.all()):
                            problems.append(f"{name}: {form.get_attribute('action') or form.get_attribute('id')}")
        assert browser.outside == []
    assert problems == []


def _folded(button: Any) -> bool:
    """Whether it stands in a part that opens by a press (no script is needed for that)."""
    folded, hidden = (button.locator(f"xpath=ancestor::{one}").count() for one in ("details", "*[@hidden]"))
    return bool(folded and not hidden)
