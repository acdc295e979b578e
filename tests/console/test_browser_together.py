"""Pages on which colleagues work together, at both widths; and the look at a picture, held and let go."""

from __future__ import annotations

import struct
import types
import zlib
from datetime import timedelta
from typing import Any

import pytest

from efface.cases import absence, duty, notes
from efface.console import opinions, queue, revealing, undoing
from efface.engine.base import tenancy
from efface.sites.models import Membership, Network
from tests import people
from tests.chromium import ORIGIN, chromium
from tests.console.desks import member_of, on_site
from tests.console.test_browser import SIZES, look
from tests.console.test_browser_keys import judged

pytestmark = [pytest.mark.browser, pytest.mark.django_db]


def grey(side: int = 4) -> bytes:
    """A PNG of some shades of grey."""

    def chunk(name: bytes, data: bytes) -> bytes:
        return struct.pack("!I", len(data)) + name + data + struct.pack("!I", zlib.crc32(name + data))

    rows = b"".join(b"\0" + bytes(range(0, 16 * side, 16)) for _row in range(side))
    head = struct.pack("!IIBBBBB", side, side, 8, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")


@pytest.fixture
def shared(organisation: Any, case: Any, now: Any) -> dict[str, str]:
    """A day on which everything that colleagues share has something in it."""
    lead = people.worker(organisation, "lead", "Lee Lead")
    other = people.worker(organisation, "caseworker", "Kim Second")
    network = Network.objects.create(name="sites of one operator", created=now)
    for name in ("one.example", "a-rather-long-name-of-a-second-site.example"):
        Membership.objects.create(network=network, site=people.make_site(name), since=now, same="group")
    with tenancy.organisation(organisation.pk):
        judged()
        first, second = member_of(lead), member_of(other)
        notes.write(case, "She would rather be called in the evening.\nHer sister knows.", other, now)
        absence.say(second, first, now, now + timedelta(days=4), second, now)
        duty.add(first, now - timedelta(hours=2), now + timedelta(hours=6), now)
        for n in range(3):
            on_site(people.make_match(case, page=f"https://one.example/{n}"), "one.example")
        weak = people.make_match(case, strong=False, score=29, page="https://pictures.example/w")
        decision = queue.find(second, "match", weak.pk)
        assert decision is not None
        asked = opinions.ask(decision, None, "Is it the same room?", second, now)
        opinions.answer(asked, "I would ask her.", lead, now)
        opinions.ask(decision, lead.pk, "And now?", second, now)
        undoing.note(first, "match", weak.pk, case.pk, "reject", now)
    return {
        "keys-queue": "/console/queue/?whose=&kind=match", "keys-case": f"/console/cases/{case.pk}/",
        "keys-decision": f"/console/decision/match/{weak.pk}/", "opinions": f"/console/opinions/match/{weak.pk}/",
        "team": "/console/team/", "desk-rules": "/console/desk-rules/", "find": "/console/find/",
        "help": "/console/help/?at=queue", "network-decide": f"/console/networks/{network.pk}/decide/",
        "network-none": "/console/queue/?kind=conflict",
        "_lead": str(lead.pk),
    }  # fmt: skip


@pytest.mark.slow
def test_pages_of_colleagues(organisation: Any, shared: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> None:
    from efface.accounts.models import User

    monkeypatch.setattr(revealing, "_previewing", lambda: types.SimpleNamespace())
    lead = people.signed_in(User.objects.get(pk=shared.pop("_lead")))
    problems: list[str] = []
    with chromium() as browser:
        for scheme in SIZES:
            look(browser, lead, shared, problems, scheme)
        assert browser.outside == [] and browser.complaints == []
    assert not problems, "\n".join(problems)


def test_a_picture_is_there_only_while_the_button_is_held(
    organisation: Any, case: Any, now: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    with tenancy.organisation(organisation.pk):
        judged()
        match = people.make_match(case, strong=False, score=29)
    shown = types.SimpleNamespace(png=grey(), headers={"Content-Type": "image/png", "Cache-Control": "no-store"})
    counted = []

    def show(match: Any, source: Any, count: Any, known: Any, now: Any) -> Any:
        counted.append(count())
        return shown

    fake = types.SimpleNamespace(show=show, PreviewRefused=ZeroDivisionError, WORDS={})
    monkeypatch.setattr(revealing, "_previewing", lambda: fake)
    client = people.signed_in(people.worker(organisation, "caseworker"))
    with chromium() as browser, browser.page(client) as page:
        page.goto(f"{ORIGIN}/console/decision/match/{match.pk}/")
        assert page.locator("#peek canvas, img").count() == 0
        page.focus("#hold-to-look")
        page.keyboard.down(" ")
        page.wait_for_selector("#peek canvas")
        page.keyboard.up(" ")
        assert page.locator("#peek canvas").count() == 0 and not page.is_visible("#peek")
        page.locator("#hold-to-look").hover()
        page.mouse.down()
        page.wait_for_selector("#peek canvas")
        box = page.locator("#peek").bounding_box()
        assert box and max(box["width"], box["height"]) <= 68
        page.evaluate("window.dispatchEvent(new Event('pagehide'))")
        assert page.locator("#peek canvas").count() == 0, "leaving takes it away"
        page.mouse.up()
        assert browser.complaints == [] and browser.outside == []
    assert counted == [True, True], "each hold is one look"
