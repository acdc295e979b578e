"""The pages of accounts in Chromium, at the width of a phone (light) and of a desk (dark); and a passkey, made and
asked by a virtual security key. ``EFFACE_SHOTS=DIR`` keeps a picture of each page."""

from __future__ import annotations

import os
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.test import Client

from efface.accounts import knocking
from efface.accounts.models import Member
from efface.engine.base import clock, tenancy
from efface.engine.run import locked_page
from tests import people
from tests.accounts import doors
from tests.accounts.test_devices import CHROME, FIREFOX
from tests.accounts.test_joining import invite, link_on
from tests.chromium import ORIGIN, chromium
from tests.console.test_browser import SIZES, judge, look

pytestmark = [pytest.mark.browser, pytest.mark.django_db]


@pytest.fixture
def team(organisation: Any, now: Any) -> dict[str, Any]:
    names = {"coordinator": "Coordinator One", "lead": "Lead One", "caseworker": "Caseworker With Quite A Long Name",
             "auditor": "Auditor One", "operator": "Operator One"}  # fmt: skip
    return {role: people.worker(organisation, role, name) for role, name in names.items()}


def furnished(organisation: Any, team: Any) -> tuple[dict[str, Client], str, Any]:
    """Invitations, a member who has to wait, cases in hand, demands, sessions. Returns clients, a link, a row."""
    clients = {role: people.signed_in(user) for role, user in team.items()}
    invite(team["coordinator"], "caseworker", name="Somebody New", email="somebody.new@desk.example")
    link = link_on(invite(team["coordinator"], "auditor"))
    for _ in range(knocking.ACCOUNT.size + 1):
        doors.password(Client(), team["caseworker"].email, "wrong")
    for _ in range(2):
        people.open_case(organisation, worker=team["caseworker"].pk)
    for agent in (FIREFOX, CHROME):
        people.signed_in(team["lead"]).get("/console/queue/", headers={"user-agent": agent})
        people.signed_in(team["caseworker"]).get("/console/queue/", headers={"user-agent": agent})
    for who in ("District Court of Example", "A lawyer of the other side"):
        clients["lead"].post("/console/demands/", {
            "asked_by": who, "asked_for": "All letters that went to one site,\nand who wrote them",
            "received": "2026-02-03",
            "law": "Code of procedure, section 95; order 12/26", "until": "2026-02-20", "may_tell": "no"})  # fmt: skip
    with tenancy.organisation(organisation.pk):
        from efface.accounts import demands
        from efface.accounts.models import LegalDemand

        lead = Member.objects.select_related("user").get(user=team["lead"])
        demands.decide(
            lead, LegalDemand.objects.get(number=1), "part", "Dates and recipients, no contents.", clock.now()
        )
        row = Member.objects.get(user=team["caseworker"])
    clients["lead"].get("/console/queue/")
    return clients, link, row


@pytest.mark.slow
@pytest.mark.parametrize("scheme", SIZES)
def test_every_page_of_accounts(organisation: Any, team: Any, scheme: str) -> None:
    problems: list[str] = []
    clients, link, row = furnished(organisation, team)
    half = people.signed_in(team["operator"], second_step=False)
    asked, _, _ = enrolled_and_asked(organisation)
    typed = people.signed_in(team["lead"])
    keep_typed(organisation, team["lead"])
    with chromium() as browser:
        look(browser, half, {"second-step": "/console/second-step/"}, problems, scheme)
        look(browser, asked, {"second": doors.SECOND}, problems, scheme)
        look(browser, Client(), {"invitation": link, "invitation-dead": "/console/invitation/none/"}, problems, scheme)
        look(browser, clients["lead"], {"account": "/console/account/", "demands": "/console/demands/",
                                        "members-lead": "/console/members/"}, problems, scheme)  # fmt: skip
        look(browser, clients["coordinator"], {"members": "/console/members/", "member": f"/console/members/{row.pk}/"},
             problems, scheme)  # fmt: skip
        look(browser, typed, {"unsent": "/console/account/unsent/"}, problems, scheme)
        flow(browser, clients["coordinator"], row, problems, scheme)
        # A page that says no does so with a status of its own, which the browser notes.
        noted = [one for one in browser.complaints if "(Gone)" not in one and "(Unprocessable" not in one]
        assert browser.outside == [] and noted == []
    assert problems == []


def enrolled_and_asked(organisation: Any) -> tuple[Client, Any, str]:
    user = people.worker(organisation, "lead", "Asked One", password=people.PASSWORD)
    _, key, _ = doors.enrolled(user)
    client = Client()
    doors.password(client, user.email)
    return client, user, key


def keep_typed(organisation: Any, user: Any) -> None:
    from efface.accounts.models import Unsent

    with tenancy.organisation(organisation.pk):
        member = Member.objects.get(user=user)
        for number, text in enumerate(("Dear A., the page is gone.\nWe look again on Friday.", "x" * 400)):
            row = Unsent(
                organisation=organisation, member=member, path=f"/console/cases/{number}/message/", at=clock.wall()
            )
            row.path = (
                "/console/face-search/"
                if number
                else "/console/suspect/match/" + "0" * 8 + "-0000-0000-0000-" + "0" * 12 + "/"
            )
            row.fields = {"text": text}
            row.save()


def flow(browser: Any, client: Client, row: Any, problems: list[str], scheme: str) -> None:
    """Answers that are not there by their address: links, errors, codes on paper."""
    size, width, height = SIZES[scheme]
    shots = os.environ.get("EFFACE_SHOTS", "")
    with browser.page(client, width=width, height=height, color_scheme=scheme) as page:
        page.goto(f"{ORIGIN}/console/members/{row.pk}/")
        page.click("button[value=back]")
        page.wait_for_selector("[data-fact=link]")
        judge(page, f"way-back {size}", problems, scheme)
        page.goto(f"{ORIGIN}/console/members/{row.pk}/")
        page.evaluate("document.querySelectorAll('select[required]').forEach(one => one.required = false)")
        page.click("button[value=leave]")
        page.wait_for_selector("[role=alert]")
        judge(page, f"leave-refused {size}", problems, scheme)
        if shots:
            page.screenshot(path=f"{shots}/leave-refused-{size}.png", full_page=True)


def test_the_locked_page_reads_well() -> None:
    problems: list[str] = []
    with chromium() as browser:
        for scheme, (size, width, height) in SIZES.items():
            context = browser.browser.new_context(viewport={"width": width, "height": height}, color_scheme=scheme)
            page = context.new_page()
            page.on("console", lambda message: problems.append(message.text) if message.type == "error"
                    and "503" not in message.text else None)  # fmt: skip
            page.route("**/*", _locked)
            page.goto(ORIGIN + "/case/")
            judge(page, f"locked {size}", problems, scheme)
            if shots := os.environ.get("EFFACE_SHOTS", ""):
                Path(shots).mkdir(parents=True, exist_ok=True)
                page.screenshot(path=f"{shots}/locked-{size}.png")
            context.close()
    assert problems == []


def _locked(route: Any) -> None:
    said: list[Any] = []
    path = route.request.url.removeprefix(ORIGIN)
    body = b"".join(locked_page.application({"PATH_INFO": path}, lambda *given: said.extend(given)))
    route.fulfill(status=int(said[0][:3]), headers=dict(said[1]), body=body)


def test_a_passkey_is_made_and_opens(organisation: Any, now: Any) -> None:
    user = people.worker(organisation, "lead", "Lead One", password=people.PASSWORD)
    client = Client(headers={"host": "localhost"})
    doors.password(client, user.email)
    with chromium() as browser, browser.page(client) as page:
        cdp = page.context.new_cdp_session(page)
        cdp.send("WebAuthn.enable")
        made = cdp.send("WebAuthn.addVirtualAuthenticator", {"options": {
            "protocol": "ctap2", "transport": "internal", "hasUserVerification": True, "isUserVerified": True,
            "hasResidentKey": True, "automaticPresenceSimulation": True}})  # fmt: skip
        page.goto(ORIGIN + "/console/second-step/")
        page.fill("#id_name", "Key on the desk")
        page.click("form[data-passkey] button")
        page.wait_for_selector("[data-fact=paper-codes]")
        page.click("text=I have them")
        page.wait_for_selector("nav")
        assert opens_queue(page)
        page.goto(ORIGIN + "/console/account/")
        assert "Key on the desk" in page.inner_text("main")
        sign_out_and_in(page, user.email)
        page.click("form[data-passkey] button")
        page.wait_for_selector("nav")
        assert opens_queue(page)
        # Without the key: nothing opens, and the page says what to do.
        cdp.send("WebAuthn.removeVirtualAuthenticator", {"authenticatorId": made["authenticatorId"]})
        other = cdp.send("WebAuthn.addVirtualAuthenticator", {"options": {
            "protocol": "ctap2", "transport": "internal", "hasUserVerification": True, "isUserVerified": False,
            "hasResidentKey": True, "automaticPresenceSimulation": True}})  # fmt: skip
        sign_out_and_in(page, user.email)
        page.click("form[data-passkey] button")
        page.wait_for_selector("[role=status]:has-text('use a code')", timeout=90_000)
        assert other and not opens_queue(page)
        assert browser.outside == []


def opens_queue(page: Any) -> bool:
    page.goto(ORIGIN + "/console/queue/")
    return bool(page.inner_text("h1").startswith("Queue"))


def sign_out_and_in(page: Any, email: str) -> None:
    page.click("text=Sign out")
    page.goto(ORIGIN + "/console/sign-in/")
    if page.locator("form[action$='sign-out/']").count():
        page.click("main button")
        page.goto(ORIGIN + "/console/sign-in/")
    page.fill("#id_login", email)
    page.fill("#id_password", people.PASSWORD)
    page.click("main button")
    page.wait_for_selector("form[data-passkey]:not([hidden])")


def test_a_sign_in_lasts_as_long_as_it_is_used(organisation: Any, now: Any) -> None:
    from efface.accounts import devices

    user = people.worker(organisation, "lead")
    people.signed_in(user).get("/console/queue/")
    with tenancy.organisation(organisation.pk):
        member = Member.objects.get(user=user)
        assert len(devices.standing(member, clock.wall())) == 1
        assert devices.standing(member, clock.wall() + timedelta(hours=3)) == []
