"""Every page of both doors in Chromium, at the width of a phone (light) and of a desk (dark): no accessibility
violation, no complaint of the browser (content security policy included), no request to anybody else, nothing to scroll
sideways.

``EFFACE_SHOTS=DIR`` keeps a picture of each page there, to look at.
"""

from __future__ import annotations

import os
import re
import uuid
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.test import Client

from efface.cases import attesting, consents, events, holds, links, messages, naming, own
from efface.cases.models import Case, ReportedLink
from efface.engine.base import tenancy
from efface.engine.base.models import Outbox
from efface.sites import history, hostility, learning, merging, mirrors, networks, registry
from efface.sites.models import ContactObservation, Delivery, Network, Site
from efface.takedown import timing
from efface.takedown.models import Inbound, Notice, Route
from efface.whereabouts.model import Signal
from tests import axe, people
from tests.chromium import ORIGIN, chromium
from tests.sites.test_networks import others

pytestmark = [pytest.mark.browser, pytest.mark.django_db]
SIZES = {"light": ("phone", 390, 844), "dark": ("desk", 1280, 900)}


def look(browser: Any, client: Any, pages: dict[str, str], problems: list[str], scheme: str) -> None:
    shots = os.environ.get("EFFACE_SHOTS", "")
    size, width, height = SIZES[scheme]
    with browser.page(client, width=width, height=height, color_scheme=scheme) as page:
        for name, path in pages.items():
            page.goto(ORIGIN + path)
            heading = page.inner_text("h1")
            if heading in ("Sign in", "Your access code") and name not in ("sign-in", "enter"):
                problems.append(f"{name} {size}: shut out")
            if shots:
                Path(shots).mkdir(parents=True, exist_ok=True)
                page.screenshot(path=f"{shots}/{name}-{size}.png", full_page=True)
            judge(page, f"{name} {size}", problems, scheme)


def judge(page: Any, name: str, problems: list[str], scheme: str) -> None:
    from axe_playwright_python.sync_playwright import Axe

    wider = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    if wider > 0:
        problems.append(f"{name}: {wider} px too wide")
    # Only colours differ between the two; the rest is looked at once.
    rules = {"runOnly": {"type": "rule", "values": ["color-contrast"]}} if scheme == "dark" else None
    violations = Axe().run(page, options=rules).response["violations"]
    axe.saw(page.url, scheme, len(violations))
    for violation in violations:
        problems.append(f"{name}: {violation['id']} {[node['html'][:160] for node in violation['nodes'][:3]]}")


WHERE = {"width": 1200, "height": 2400, "sighting": "1", "threshold": 6.0, "fingerprint": "", "role": "media"}
LOCAL = {
    "kind": "local", "score": 41.0, "strong": True, "strong_at": 12.0, "error": 0.09, "view": "original",
    "region": [0.04, 0.22, 0.96, 0.21, 0.97, 0.7, 0.05, 0.71], **WHERE,
}  # fmt: skip
FACE = {
    "kind": "face", "score": 0.71, "strong": True, "strong_at": 0.6, "px": 180, **WHERE, "threshold": 0.55,
    "region": [0.4, 0.3, 0.2, 0.15],
}  # fmt: skip
TEXT = {"kind": "text", "score": 1.0, "strong": True, "words": "handle"}


@pytest.fixture
def world(organisation: Any, now: Any) -> Any:
    """A case with one of everything that either door can show."""
    opened = people.open_case(organisation, name="A. Example")
    case = opened.case
    case.access_code = opened.access_code
    first = people.worker(organisation, "caseworker", "Kim First")
    with tenancy.organisation(organisation.pk):
        Case.objects.filter(pk=case.pk).update(level="attested")
        for purpose in ("hash_match", "copy_match", "text_search", "notify"):
            consents.give(case, purpose, "survivor", now)
        people.make_match(case)
        people.make_match(
            case, kind="local", score=41.0, page="https://pictures.example/p/8", reasons=[LOCAL, FACE, TEXT]
        )
        naming.add(case, "handle", "quietlake_94", "survivor", now)
        own.add(case, "https://example.org/her", "survivor", now)
        people.make_match(case, kind="face", score=0.71, state="asked", page="https://pictures.example/p/7?x=<b>&y=1")
        finding = people.make_finding(case)
        people.make_check(finding)
        people.make_notice(finding)
        people.make_notice(finding, state="prepared", channel="form", contact="https://search.example/removal")
        people.make_notice(finding, state="sent", sent_at=now)
        people.make_finding(case, age="unknown", kind="face", page="https://pictures.example/p/3")
        people.make_finding(case, state="gone-confirmed", page="https://pictures.example/p/4")
        people.make_finding(case, state="conflict", page="https://pictures.example/p/5")
        messages.write(case, from_survivor=True, author="survivor", text="Is there anything new?", now=now)
        Case.objects.filter(pk=case.pk).update(level="declared")
        attesting.attest(case, first, spoke_alone=True, proof_seen="identity card, name and face", now=now)
        _trouble(case, finding, now)
    _site(now)
    return case


def _trouble(case: Any, finding: Any, now: Any) -> None:
    """What a queue holds on a bad day."""
    row = Outbox(
        organisation_id=case.organisation_id,
        case_id=case.pk,
        kind="notice",
        subject=finding.pk,
        key="k",
        message_id="<m@desk.example>",
        state="ambiguous",
        created=now,
        sending_at=now,
    )
    row.recipient = "abuse@host.example"
    row.save()
    notice = people.make_notice(finding, state="sent", contact="desk@host.example")
    mail = Inbound(
        organisation_id=case.organisation_id, case_id=case.pk, notice=notice, at=now, raw=notice.pk, digest=b"1"
    )
    mail.kind, mail.confidence = "refuses", 0.5
    mail.sender, mail.subject_line, mail.text = "desk@host.example", "Re: your notice", "We do not see a problem. " * 20
    mail.save()
    link = links.report(case, "https://pictures.example/" + "very-long-" * 20, "survivor", now)
    ReportedLink.objects.filter(pk=link.pk).update(handled_at=now, outcome="no answer")
    events.record(case, "finding.exhausted", "engine", subject=finding.pk, now=now)
    # It begins tomorrow: until then notices wait in the queue, which is to be looked at too.
    tomorrow = now + timedelta(days=1)
    ends = now + timedelta(days=2)
    holds.place(case, reason="police asked", owner="station 4", ends=ends, actor="lead:x", now=tomorrow)


def _site(now: Any) -> None:
    """A site that was looked up, in a network, with a desk that answered before."""
    site, sibling = people.make_site(), people.make_site("mirror.example")
    network = Network.objects.create(name="Two of a kind", reason="same analytics id", created=now)
    party = {"key": "host:AS64500", "role": "host", "name": "Example Hosting", "reasons": ["holds the address"]}
    Site.objects.filter(pk=sibling.pk).update(network=network)
    Site.objects.filter(pk=site.pk).update(
        network=network,
        dossier={"parties": [party], "addresses": ["198.51.100.7"], "behind_cdn": "Example CDN", "status": ["active"]},
        last_error="https://pictures.example/ answered 503",
    )
    seen = {"source": "rdap", "confidence": 0.9, "first_seen": now, "seen_at": now}
    ContactObservation.objects.create(
        party_key="host:AS64500", role="host", channel="email", value="abuse@host.example", **seen
    )
    ContactObservation.objects.create(
        party_key="host:AS64500", role="host", channel="email", value="noc@host.example", **seen
    )
    Delivery.objects.create(channel="email", value="abuse@host.example", state="complied", at=now, sent=4, complied=3)
    Delivery.objects.create(channel="email", value="noc@host.example", state="hard", at=now, sent=1, bounced=1)
    for number in range(9):
        notice = uuid.uuid4()
        learning.sent(notice, "email", "abuse@host.example", "host", "x", "en", now - timedelta(days=60))
        if number < 4:
            learning.removed(notice, 50)
    registry.register("pаypal.example", now)
    registry.discover("https://first-met.example/", "redirect", now)
    registry.discover("https://xn--bcher-kva.example/", "link", now)
    hostility.declare(people.make_site("doxx.example"), "doxxes", "showed who had complained", "lead:1", now)
    merging.merge(people.make_site("second-name.example"), site, "lead:1", now, "same pages")
    history.edit([sibling.pk, site.pk], {"kind": "tube"}, "lead:1", now)


def _network(now: Any) -> Any:
    """A network held together by evidence, with a person's word in it."""
    others(range(600), now)
    sites = []
    for name in ("lake", "river", "pond", "a-mirror-with-a-rather-long-name"):
        site = people.make_site(f"{name}.example")
        networks.observe(site, [Signal("ga", "G-ABC123"), Signal("email", "desk@lake.example")], now)
        for album in range(4):
            networks.observe_album(site, f"{name}{album}".encode(), [f"{album}-{one}" for one in range(6)], now)
        mirrors.refresh(site.pk, now)
        sites.append(site)
    networks.say(sites[0], people.make_site("spring.example"), True, "the same imprint", "lead:x", now)
    return Site.objects.get(pk=sites[0].pk).network_id


@pytest.mark.slow
def test_the_picture_of_a_network(organisation: Any, now: Any) -> None:
    lead = people.signed_in(people.worker(organisation, "lead", "Lee Lead"))
    problems: list[str] = []
    pages = {"networks": "/console/networks/", "network": f"/console/networks/{_network(now)}/"}
    with chromium() as browser:
        for scheme in SIZES:
            look(browser, lead, pages, problems, scheme)
        with browser.page(lead, width=1280, height=900) as page:
            page.goto(ORIGIN + pages["network"])
            page.keyboard.press("Tab")
            page.locator(".web a").first.focus()
            page.keyboard.press("Enter")
            assert page.url.endswith("#edge-1")
        assert browser.outside == [] and browser.complaints == []
    assert not problems, "\n".join(problems)


@pytest.mark.slow
def test_the_pages_of_clocks(organisation: Any, world: Any, now: Any) -> None:
    """Running, over, stopped, not begun, not sure, and a counter-notice; what is written down, and the calendar."""
    lead = people.signed_in(people.worker(organisation, "lead", "Lee Lead"))
    cases = (("us_tida", "", 60, ()), ("gdpr_erasure", "FR", 2, ("identity_asked",)), ("gdpr_erasure", "SE", 2, ()),
             ("us_dmca_512c", "US", 2, ("counter_notice",)), ("uk_osa_report", "GB", 0, ()))  # fmt: skip
    with tenancy.organisation(organisation.pk):
        finding = people.make_finding(world, page="https://pictures.example/p/77")
        for kind, country, hours, more in cases:
            made = people.make_notice(finding, state="sent", sent_at=now - timedelta(hours=70))
            Notice.objects.filter(pk=made.pk).update(notice_type=kind)
            Route.objects.filter(pk=made.route_id).update(notice_type=kind, country=country)
            made = Notice.objects.select_related("route").get(pk=made.pk)
            for what in ("receipt", *more) if hours else ():
                timing.note(made, what, now - timedelta(hours=hours), "reply", now)
    problems: list[str] = []
    lead.post("/console/calendar/change/", {"choice": "make"})
    pages = {"clocks": "/console/clocks/", "notice-clocks": f"/console/clocks/{made.pk}/",
             "agenda": "/console/calendar/", "case": f"/console/cases/{world.pk}/"}  # fmt: skip
    with chromium() as browser:
        for scheme in SIZES:
            look(browser, lead, pages, problems, scheme)
        assert browser.outside == [] and browser.complaints == []
    assert not problems, "\n".join(problems)


def test_the_two_pages_that_matter_most(organisation: Any, world: Any) -> None:
    lead, her = people.signed_in(people.worker(organisation, "lead")), people.entered(world.access_code)
    problems: list[str] = []
    with chromium() as browser:
        look(browser, her, {"now": "/case/"}, problems, "light")
        look(browser, lead, {"queue": "/console/queue/"}, problems, "light")
        assert browser.outside == [] and browser.complaints == []
    assert not problems, "\n".join(problems)


@pytest.mark.slow
def test_every_page_for_everybody(organisation: Any, world: Any, now: Any) -> None:
    lead = people.signed_in(people.worker(organisation, "lead", "Lee Lead"))
    coordinator = people.signed_in(people.worker(organisation, "coordinator"))
    her = people.entered(world.access_code)
    site = people.make_site()
    console = {
        "queue": "/console/queue/", "cases": "/console/cases/", "case": f"/console/cases/{world.pk}/",
        "new-case": "/console/cases/new/", "case-timeline": f"/console/cases/{world.pk}/timeline/",
        "case-letters": f"/console/cases/{world.pk}/letters/",
        "case-pictures": f"/console/cases/{world.pk}/pictures/", "case-mine": f"/console/cases/{world.pk}/mine/",
        "case-bundle": f"/console/cases/{world.pk}/bundle/", "erase": f"/console/cases/{world.pk}/erase/",
        "sites": "/console/sites/", "site": f"/console/sites/{site.pk}/", "nothing": "/console/no-such-page/",
        "sites-none": "/console/sites/?words=picturez&kind=tube", "discovered": "/console/sites/new/",
        "site-import": "/console/sites/import/", "sites-filtered": "/console/sites/?hostility=doxxes&order=-added_at",
        "networks": "/console/networks/", "network": f"/console/networks/{_network(now)}/",
        "coverage": "/console/coverage/", "coverage-site": f"/console/coverage/{site.pk}/",
    }  # fmt: skip
    portal = {
        "now": "/case/", "allow": "/case/allow/", "messages": "/case/messages/", "what-happened": "/case/timeline/",
        "pictures": "/case/pictures/", "me": "/case/me/",
    }  # fmt: skip
    public = {"start": "/", "enter": "/enter/", "plants": "/page/", "sign-in": "/console/sign-in/"}
    problems: list[str] = []
    with chromium() as browser:
        for scheme in SIZES:
            look(browser, Client(), public, problems, scheme)
            look(browser, her, portal, problems, scheme)
            look(browser, lead, console, problems, scheme)
            others = {"face-search": "/console/face-search/", "facts": "/console/sites/facts/"}
            look(browser, coordinator, others, problems, scheme)
        complaints = [words for words in browser.complaints if not re.search(r"status of (403|404|422)", words)]
        assert browser.outside == []
        assert complaints == []
    assert not problems, "\n".join(problems)


@pytest.mark.parametrize("way", ["Escape", "link"])
def test_quick_exit_leaves_at_once(world: Any, way: str) -> None:
    her = people.entered(world.access_code)
    with chromium() as browser, browser.page(her) as page:
        page.goto(ORIGIN + "/case/")
        before = page.evaluate("history.length")
        if way == "Escape":
            page.keyboard.press("Escape")
        else:
            page.click("a.exit")
        page.wait_for_function("document.title === 'House plants'")
        assert page.evaluate("history.length") == before
        page.goto(ORIGIN + "/case/")
        assert page.inner_text("h1") == "Your access code"
        assert page.evaluate("Object.keys(localStorage).length + Object.keys(sessionStorage).length") == 0


def test_the_way_through_without_javascript(organisation: Any, world: Any) -> None:
    from efface.search.models import Match

    her = people.entered(world.access_code)
    with chromium() as browser, browser.page(her, java_script_enabled=False) as page:
        page.goto(ORIGIN + "/case/")
        page.check("form.candidate input[value=adult]")
        page.click("form.candidate button[value=not-me]")
        assert "Your answer is noted" in page.inner_text("main")
        page.click("form.stop button")
        assert "Everything is paused." in page.inner_text("main")
        page.click("a.exit")
        assert page.title() == "House plants"
    with tenancy.organisation(organisation.pk):
        assert not Match.objects.filter(state="asked").exists()


def test_text_can_be_twice_as_large(world: Any) -> None:
    """200 % zoom of a window 640 pixels wide leaves 320 of CSS: nothing scrolls sideways,
    written from the left or from the right."""
    her = people.entered(world.access_code)
    with chromium() as browser, browser.page(her, width=320, height=400) as page:
        for path in ("/", "/case/", "/case/allow/", "/case/pictures/", "/case/messages/"):
            page.goto(ORIGIN + path)
            for direction in ("ltr", "rtl"):
                page.evaluate(f"document.documentElement.dir = '{direction}'")
                wider = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
                assert wider <= 0, (path, direction)


@pytest.mark.slow
def test_pages_that_answer_a_form(organisation: Any, world: Any) -> None:
    """Wrong codes, mistyped addresses, a decision without its reason, the page that shows a new code."""
    desk, her = people.signed_in(people.worker(organisation, "caseworker")), people.entered(world.access_code)
    problems: list[str] = []
    with chromium() as browser:
        with browser.page(Client()) as page:
            page.goto(ORIGIN + "/enter/")
            page.fill("#code", "aaaa-bbbb-cccc-dddd")
            page.click("#enter button")
            assert "does not open anything" in page.inner_text("[role=alert]")
            judge(page, "wrong code", problems, "light")
        with browser.page(her) as page:
            page.goto(ORIGIN + "/case/")
            page.fill("#url", "not an address")
            page.click("#link button")
            assert "does not look like" in page.inner_text("#link-problem")
            judge(page, "mistyped address", problems, "light")
        with browser.page(desk) as page:
            page.goto(ORIGIN + "/console/queue/")
            page.click("form[data-kind=notice] button[value=refuse]")
            assert "Please fill in" in page.inner_text(".messages")
            judge(page, "refusal without a reason", problems, "light")
            page.goto(ORIGIN + "/console/cases/new/")
            page.select_option("#id_age", "adult")
            page.click("#new-case button.primary")
            assert len(page.inner_text("[data-fact=access-code]")) == 19
            judge(page, "new code", problems, "light")
            page.emulate_media(media="print")
            # The printed card says nothing about what it is for.
            assert (
                page.inner_text("main").split()[0].startswith(ORIGIN[:7]) and len(page.inner_text("main").split()) == 2
            )
            page.emulate_media(media="screen")
            page.goto(ORIGIN + f"/console/cases/{world.pk}/")
            assert page.locator("#attest-stop button").is_visible()
        assert browser.outside == []
    assert not problems, "\n".join(problems)


@pytest.mark.slow
def test_pages_of_the_registry_that_answer(organisation: Any, world: Any) -> None:
    """The number before many are changed, the way back, a key's answer, a list with bad lines, facts of an unknown
    key."""
    lead = people.signed_in(people.worker(organisation, "lead"))
    problems: list[str] = []
    for scheme, (_size, width, height) in SIZES.items():
        with chromium() as browser, browser.page(lead, width=width, height=height, color_scheme=scheme) as page:
            page.goto(ORIGIN + "/console/sites/")
            page.check("input[value=page]")
            page.select_option("#b-kind", "forum" if scheme == "light" else "blog")
            page.click("#bulk section button")
            assert "sites are changed" in page.inner_text("[data-fact=count]")
            shot(page, f"bulk-{width}")
            judge(page, f"bulk {width}", problems, scheme)
            page.click("#confirm button")
            assert "sites changed" in page.inner_text(".messages")
            shot(page, f"undo-{width}")
            judge(page, f"undo {width}", problems, scheme)
            page.click("#undo button")
            assert "as they were" in page.inner_text(".messages")
            page.goto(ORIGIN + "/console/sites/import/")
            data = "url\nnonsense\nb\u0443.example\nok.example\n".encode()
            page.set_input_files("#file", {"name": "a.csv", "mimeType": "text/csv", "buffer": data})
            page.click("#import button")
            assert page.inner_text("[data-fact=bad]") == "1"
            shot(page, f"import-{width}")
            judge(page, f"import {width}", problems, scheme)
            assert browser.outside == []
    assert not problems, "\n".join(problems)


def shot(page: Any, name: str) -> None:
    if os.environ.get("EFFACE_SHOTS"):
        page.screenshot(path=f"{os.environ['EFFACE_SHOTS']}/{name}.png", full_page=True)


@pytest.mark.slow
def test_one_key_answers_the_site_that_has_the_focus_and_nothing_elsewhere(organisation: Any, world: Any) -> None:
    lead = people.signed_in(people.worker(organisation, "lead"))
    with chromium() as browser, browser.page(lead) as page:
        page.goto(ORIGIN + "/console/sites/new/")
        before = int(page.inner_text("[data-fact=count]"))
        page.keyboard.press("i")
        page.goto(ORIGIN + "/console/sites/new/")
        assert int(page.inner_text("[data-fact=count]")) == before, "nothing has the focus, nothing happens"
        page.focus("article button[value=accept]")
        with page.expect_navigation():
            page.keyboard.press("i")
        with page.expect_navigation():
            page.keyboard.press("a")
        assert int(page.inner_text("[data-fact=count]")) == before - 2
    assert sorted(Site.objects.filter(origin__in=("link", "redirect")).values_list("review", flat=True)) == [
        "accepted", "ignored",
    ]  # fmt: skip


@pytest.mark.slow
def test_the_registry_without_javascript(organisation: Any, world: Any) -> None:
    lead = people.signed_in(people.worker(organisation, "lead"))
    with chromium() as browser, browser.page(lead, java_script_enabled=False) as page:
        page.goto(ORIGIN + "/console/sites/")
        page.fill("#words", "doxx")
        page.click("#filter button.primary")
        assert page.inner_text("[data-fact=count]") == "1"
        page.check("input[name=site]")
        page.select_option("#b-kind", "leak_board")
        page.click("#bulk section button")
        page.click("#confirm button")
        page.goto(ORIGIN + "/console/sites/new/")
        page.click("article button[value=accept]")
        assert "is watched from now on" in page.inner_text(".messages")
    assert Site.objects.get(domain="doxx.example").kind == "leak_board"
