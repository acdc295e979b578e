"""Who may open what: every address of the installation is listed here, and closed to everybody who is not named."""

from __future__ import annotations

import json
import uuid
from typing import Any

import pytest
from click.testing import CliRunner
from django.http import HttpRequest, HttpResponse
from django.test import Client
from django.urls import URLPattern, get_resolver, path, reverse

from efface.accounts import access, matrix
from efface.cli import access as cli_access
from efface.engine.base import tenancy
from efface.partners import keys
from efface.partners.models import Scope
from tests import people

pytestmark = pytest.mark.django_db
ROLES = ("caseworker", "lead", "coordinator", "investigator", "auditor", "operator")
CASEWORK = {"caseworker", "lead"}
EDITORS = {"lead", "coordinator"}
COUNTED = {"lead", "coordinator", "auditor"}
MANAGERS = {"lead", "coordinator", "operator"}
EVERYBODY = {"public"}
HER = {"survivor"}
#: A client of the API with a key that stands; what each operation asks of the key is in tests/api/test_operations.py.
PARTNER = {"partner"}
PARTNERS_DESK = {"coordinator", "operator"}
POLICE = {"investigator"}

#: Address by name -> who may open it. A new view must be added here, by hand.
MATRIX: dict[str, set[str]] = {
    "portal:start": EVERYBODY, "portal:enter": EVERYBODY, "portal:leave": EVERYBODY, "portal:neutral": EVERYBODY,
    "portal:advice": EVERYBODY, "portal:begin": EVERYBODY, "portal:recover": EVERYBODY,
    "portal:code": HER, "portal:new-code": HER, "portal:word": HER, "portal:word-end": HER, "portal:access": HER,
    "portal:intake": HER, "portal:ask": HER, "portal:kind": HER, "portal:tick": HER, "portal:wait": HER,
    "portal:drafts": HER, "portal:draft-keep": HER, "portal:draft-drop": HER, "portal:stay": HER,
    "console:case-kind": CASEWORK,
    "portal:case": HER, "portal:case-age": HER,
    "portal:consents": HER, "portal:messages": HER, "portal:timeline": HER, "portal:pictures": HER,
    "portal:answer": HER, "portal:age": HER, "portal:consent": HER, "portal:pause": HER, "portal:link": HER,
    "portal:write": HER, "portal:mine": HER, "portal:name": HER, "portal:name-end": HER, "portal:place": HER,
    "portal:place-end": HER, "portal:asking": HER, "portal:reply": HER, "portal:avoid": HER, "portal:avoid-end": HER,
    "portal:level-stop": HER, "portal:uses": HER, "portal:talk": HER, "portal:everything": HER, "portal:erase": HER,
    "portal:keep": HER, "portal:own-face": EVERYBODY,
    "portal:contact": HER, "portal:contact-try": HER, "portal:told": HER, "portal:links": HER, "portal:record": HER,
    "portal:answer-many": HER, "portal:answer-later": HER, "portal:answer-undo": HER, "portal:say-gone": HER,
    "portal:lists": HER, "portal:list-say": HER, "portal:made": HER, "portal:part": HER,
    "portal:proof": HER, "portal:proof-where": HER, "portal:proof-decide": HER, "portal:proof-destroy": HER,
    "portal:others": HER, "portal:other-end": HER,
    "portal:authority": HER, "portal:authority-end": HER, "portal:authority-copy": HER,
    "portal:statements": EVERYBODY,
    "console:case-reach": CASEWORK,
    "console:case-proof": CASEWORK, "console:case-proof-where": CASEWORK, "console:case-proof-decide": CASEWORK,
    "console:case-proof-sealed": CASEWORK, "console:case-statement": CASEWORK, "console:case-authority": CASEWORK,
    "set_language": EVERYBODY, "account_login": EVERYBODY, "account_inactive": EVERYBODY, "account_logout": set(ROLES),
    "console:home": set(ROLES), "console:queue": CASEWORK, "console:fresh": CASEWORK, "console:decision": CASEWORK,
    "console:take": CASEWORK, "console:cases": CASEWORK, "console:new-case": CASEWORK, "console:case": CASEWORK,
    "console:case-letters": CASEWORK, "console:case-letters-shown": CASEWORK,
    "console:case-age": CASEWORK, "console:check": CASEWORK, "console:finding-listing": CASEWORK,
    "console:case-timeline": CASEWORK, "console:new-code": CASEWORK, "console:attest": CASEWORK,
    "console:talk-over": CASEWORK, "console:attest-stop": CASEWORK,
    "console:members": MANAGERS, "console:member": MANAGERS, "console:member-invite": MANAGERS,
    "console:member-invitation": MANAGERS, "console:member-train": {"coordinator"},
    "console:invitation": EVERYBODY, "mfa_authenticate": EVERYBODY, "console:second-step": set(ROLES),
    "console:account": set(ROLES), "console:account-change": set(ROLES), "console:unsent": set(ROLES),
    "console:unsent-drop": set(ROLES), "console:demands": {"lead", "auditor"},
    "console:demand-decide": {"lead", "auditor"}, "console:demands-export": {"lead", "auditor"},
    "console:case-consent": CASEWORK, "console:case-pause": CASEWORK, "console:case-message": CASEWORK,
    "console:case-link": CASEWORK, "console:case-hold": CASEWORK, "console:case-lift": CASEWORK,
    "console:case-asking": CASEWORK, "console:case-answer": CASEWORK, "console:case-avoid": CASEWORK,
    "console:case-avoid-end": CASEWORK, "console:plan": CASEWORK,
    "console:plan-change": CASEWORK, "console:plan-undo": CASEWORK,
    "console:case-bundle": CASEWORK, "console:case-mine": CASEWORK, "console:case-name": CASEWORK,
    "console:case-name-end": CASEWORK, "console:case-place": CASEWORK, "console:case-place-end": CASEWORK,
    "console:by-hand": CASEWORK, "console:case-by-hand": CASEWORK, "console:by-hand-add": CASEWORK,
    "console:notice-text": CASEWORK, "console:notice-plain": CASEWORK,
    "console:by-hand-take": CASEWORK, "console:case-particulars": CASEWORK, "console:case-particular": CASEWORK,
    "console:step": CASEWORK, "console:step-say": CASEWORK, "console:step-letter": CASEWORK,
    "console:form-fits": CASEWORK,
    "console:case-pictures": CASEWORK, "console:retire": CASEWORK, "console:case-erase": {"lead"},
    "console:case-evidence": CASEWORK, "console:evidence-take-in": CASEWORK, "console:evidence-kept": CASEWORK,
    "console:evidence-drop": CASEWORK, "console:evidence-demand": CASEWORK, "console:evidence-decide": CASEWORK,
    "console:copy-ask": CASEWORK, "console:copy-decide": {"lead"}, "console:copy-hand-over": {"lead"},
    "console:copy-destroy": {"lead"}, "console:pack-new": CASEWORK, "console:pack-hand-over": CASEWORK,
    "console:pack-again": CASEWORK, "console:pack-end": CASEWORK,
    "console:case-police": CASEWORK, "console:police-signal": CASEWORK, "console:police-refer": CASEWORK,
    "console:police-wish": CASEWORK,
    "console:police-tip": CASEWORK, "console:police-end": CASEWORK, "console:police-say": CASEWORK,
    "console:police-pack": CASEWORK, "console:police-letter": CASEWORK, "console:police-decide": {"lead"},
    "police:home": POLICE, "police:key": POLICE, "police:referral": POLICE, "police:say": POLICE, "police:ask": POLICE,
    "police:table": POLICE, "police:letter": POLICE, "police:pack": POLICE,
    "console:clocks": CASEWORK, "console:notice-clocks": CASEWORK, "console:clock-take-back": CASEWORK,
    "console:agenda": CASEWORK, "console:agenda-change": CASEWORK, "console:agenda-feed": EVERYBODY,
    "console:sites": {*CASEWORK, "coordinator"}, "console:site": {*CASEWORK, "coordinator"},
    "console:coverage": {*CASEWORK, "coordinator"}, "console:coverage-speed": {*CASEWORK, "coordinator"},
    "console:coverage-site": {*CASEWORK, "coordinator"}, "console:coverage-change": {"lead", "coordinator"},
    "console:sites-csv": {*CASEWORK, "coordinator"}, "console:site-add": {*CASEWORK, "coordinator"},
    "console:discovered": {*CASEWORK, "coordinator"}, "console:discovered-answer": {*CASEWORK, "coordinator"},
    "console:site-look-up": {*CASEWORK, "coordinator"}, "console:site-import": EDITORS, "console:site-bulk": EDITORS,
    "console:site-undo": EDITORS, "console:site-edit": EDITORS, "console:site-merge": EDITORS,
    "console:site-split": EDITORS, "console:facts": {"coordinator"}, "console:facts-give": {"coordinator"},
    "console:facts-withdraw": {"coordinator"},
    "console:results": {*CASEWORK, "coordinator"}, "console:law": {*CASEWORK, "coordinator"},
    "console:law-place": {*CASEWORK, "coordinator"}, "console:law-notice": {*CASEWORK, "coordinator"},
    "console:law-desk": {*CASEWORK, "coordinator"}, "portal:places": EVERYBODY, "portal:place-law": EVERYBODY,
    "console:networks": {*CASEWORK, "coordinator"}, "console:network": {*CASEWORK, "coordinator"},
    "console:network-split": {"lead", "coordinator"}, "console:network-unite": {"lead", "coordinator"},
    "console:network-say": {"lead", "coordinator"}, "console:network-take-back": {"lead", "coordinator"},
    "console:save-view": CASEWORK, "console:drop-view": CASEWORK, "console:undo": CASEWORK,
    "console:opinions": CASEWORK, "console:opinion-withdraw": CASEWORK, "console:look": CASEWORK,
    "console:find": set(ROLES), "console:help": set(ROLES), "console:team": CASEWORK, "console:team-away": CASEWORK,
    "console:team-back": CASEWORK, "console:hand-over": CASEWORK, "console:shift": {"lead"},
    "console:shift-off": {"lead"}, "console:desk-rules": {"lead", "coordinator"},
    "console:case-note": CASEWORK, "console:case-note-back": CASEWORK, "console:case-give": CASEWORK,
    "console:network-decide": CASEWORK,
    "console:knowledge": set(ROLES), "console:guide": set(ROLES), "console:guide-pdf": set(ROLES),
    "console:guides": set(ROLES), "console:guides-all": set(ROLES), "console:training": set(ROLES),
    "console:training-switch": set(ROLES), "console:training-all": CASEWORK, "console:training-exercise": CASEWORK,
    "console:training-begin": CASEWORK,
    "console:partners": PARTNERS_DESK, "console:partner": PARTNERS_DESK, "console:partner-say": PARTNERS_DESK,
    "console:case-partners": CASEWORK, "console:reports": CASEWORK, "partner-calendar": EVERYBODY,
    "openapi": EVERYBODY, "api:me": PARTNER, "api:cases": PARTNER, "api:case": PARTNER, "api:findings": PARTNER,
    "api:links": PARTNER, "api:reports": PARTNER, "api:lookup": PARTNER, "api:hma-lookup": PARTNER,
    "api:calendar": PARTNER, "api:calendar-end": PARTNER,
    "console:statistics": COUNTED, "console:statistics-count": COUNTED, "console:statistics-export": COUNTED,
    "console:statistics-switch": {"coordinator"}, "console:statistics-publish": {"coordinator"},
    "console:programmes": {"coordinator"}, "console:programme-add": {"coordinator"},
    "console:programme-change": {"coordinator"}, "console:programme-vouchers": {"coordinator"},
    "console:grant-add": {"coordinator"}, "console:grant-spend": {"coordinator"},
    "console:invoice-add": {"coordinator"}, "console:invoice-credit": {"coordinator"},
    "console:invoice-file": {"coordinator"}, "console:invoices-export": {"coordinator"},
    "console:case-terms": CASEWORK,
    "console:public-report": EVERYBODY, "console:public-report-of": EVERYBODY,
    "console:public-report-file": EVERYBODY,
    "console:suspect": CASEWORK, "console:face-search": {"coordinator"}, "console:site-visiting": {"coordinator"},
}  # fmt: skip


def routed() -> dict[str, URLPattern]:
    """Every address of the installation by its full name."""
    return {name: one for name, (_, one) in matrix.routed().items()}


def address(name: str, pattern: URLPattern) -> str:
    words = {
        "kind": "match", "form": "xml", "code": "de", "name": "safe_now", "purpose": "notify", "short": "nobody",
        "number": 1,
    }  # fmt: skip
    parts = {key: words.get(key) or uuid.uuid4() for key in pattern.pattern.converters}
    return reverse(name, kwargs=parts)


def test_every_view_says_who_may_open_it() -> None:
    silent = [name for name, one in routed().items() if access.access_of(one.callback, one.name) is None]
    assert silent == []


def test_the_matrix_names_every_address() -> None:
    assert set(routed()) == set(MATRIX)


def test_declarations_agree_with_the_matrix() -> None:
    for name, one in routed().items():
        declared = access.access_of(one.callback, one.name)
        assert declared is not None
        told = EVERYBODY if declared.public else HER if declared.portal else {str(role) for role in declared.roles}
        told = PARTNER if declared.partner else told
        assert told == MATRIX[name], name


def let_in(client: Client, url: str) -> bool:
    """Whether the doorkeeper let the request through to the view (which may say 404, 405, or redirect within)."""
    answer = client.get(url)
    if answer.status_code in (401, 403):
        return False
    turned_away = answer.status_code == 302 and answer.headers["Location"].startswith(
        ("/console/sign-in/?next", "/enter/")
    )
    assert answer.status_code < 500, url
    return not turned_away


def test_each_role_opens_what_is_its_own_and_nothing_else(organisation: Any, now: Any) -> None:
    clients = {role: people.signed_in(people.worker(organisation, role)) for role in ROLES}
    clients["survivor"] = people.entered(people.open_case(organisation).access_code)
    clients["nobody"] = Client()
    with tenancy.organisation(organisation.pk):
        made = keys.make(organisation.pk, "A Partner", Scope.values, 30, "coordinator:x", now, "an agreement")
    clients["partner"] = Client(headers={"authorization": f"Bearer {made.key}"})
    wrong = []
    for name, one in routed().items():
        if name in ("portal:leave", "account_logout", "account_login"):
            continue
        url = address(name, one)
        for who, client in clients.items():
            may = bool({who, "public"} & MATRIX[name])
            if let_in(client, url) != may:
                wrong.append(f"{name}: {who} {'is shut out' if may else 'is let in'}")
    assert wrong == []


def test_each_role_begins_where_its_work_is(organisation: Any, now: Any) -> None:
    for role in ROLES:
        answer = people.signed_in(people.worker(organisation, role)).get("/console/", follow=True)
        assert answer.status_code == 200 and len(answer.redirect_chain) == 1, role


def test_sign_out_and_sign_in_pages(organisation: Any, now: Any) -> None:
    user = people.worker(organisation, "auditor", password=people.PASSWORD)
    client = people.signed_in(user)
    assert client.get("/console/demands/").status_code == 200
    client.post("/console/sign-out/")
    assert client.get("/console/").status_code == 302
    answer = client.post("/console/sign-in/", {"login": user.email, "password": "not this one at all"})
    assert answer.status_code == 200 and client.get("/console/").status_code == 302
    client.post("/console/sign-in/", {"login": user.email, "password": people.PASSWORD})
    assert client.get("/console/").headers["Location"] == "/console/second-step/"


def test_a_password_alone_opens_nothing_but_the_second_step(organisation: Any, now: Any) -> None:
    """Every view of members sends who has no second step to set one up; only signing out and that page do not."""
    before = {"account_logout", "console:second-step"}
    wrong = []
    for role in ROLES:
        client = people.signed_in(people.worker(organisation, role), second_step=False)
        for name, one in routed().items():
            if role not in MATRIX[name] or name == "account_logout":
                continue
            answer = client.get(address(name, one))
            sent = answer.status_code == 302 and answer.headers["Location"] == "/console/second-step/"
            if sent == (name in before):
                wrong.append(f"{name}: {role}")
    assert wrong == []


def test_the_matrix_as_a_command_tells_what_the_tests_list() -> None:
    names = cli_access.tested_names(cli_access.LISTED.read_text(encoding="utf-8"))
    assert names == set(MATRIX)
    lines = {one.name: one for one in matrix.lines()}
    assert set(lines) == set(MATRIX)
    for name, one in lines.items():
        assert {who for who in matrix.WHO if who in one.roles} == MATRIX[name], name


def test_a_new_view_that_is_listed_nowhere_fails_the_build(settings: Any) -> None:
    """What the tests above and the command look at sees a view that somebody adds and forgets to list."""

    class Routes:
        urlpatterns = [path("new/", _undeclared, name="new"), *get_resolver().url_patterns]

    settings.ROOT_URLCONF = Routes
    assert set(routed()) - set(MATRIX) == {"new"}
    with pytest.raises(AssertionError):
        test_the_matrix_names_every_address()
    with pytest.raises(AssertionError):
        test_every_view_says_who_may_open_it()
    told = CliRunner().invoke(cli_access.access, ["matrix", "--json"])
    assert told.exit_code == 1
    row = next(one for one in json.loads(told.stdout) if one["view"] == "new")
    assert not row["declared"] and not row["tested"] and not any(row["roles"].values())


def test_a_switched_off_account_stays_outside(organisation: Any, now: Any) -> None:
    user = people.worker(organisation, "lead", password=people.PASSWORD)
    user.is_active = False
    user.save()
    client = Client()
    answer = client.post("/console/sign-in/", {"login": user.email, "password": people.PASSWORD}, follow=True)
    assert answer.status_code == 200
    assert client.get("/console/queue/").status_code == 302


def _undeclared(request: HttpRequest) -> HttpResponse:
    return HttpResponse("open to the world")


def test_a_view_that_declares_nothing_is_closed_to_everybody(organisation: Any, now: Any, settings: Any) -> None:
    class Routes:
        urlpatterns = [path("new/", _undeclared), *get_resolver().url_patterns]

    clients = [people.signed_in(people.worker(organisation, role)) for role in ROLES]
    clients += [people.entered(people.open_case(organisation).access_code), Client()]
    settings.ROOT_URLCONF = Routes
    for client in clients:
        answer = client.get("/new/")
        assert answer.status_code == 403 and b"open to the world" not in answer.content


def test_a_worker_without_membership_is_shut_out(organisation: Any, now: Any) -> None:
    from efface.accounts.models import Member

    user = people.worker(organisation, "lead")
    client = people.signed_in(user)
    assert client.get("/console/queue/").status_code == 200
    with tenancy.organisation(organisation.pk):
        Member.objects.filter(user=user).delete()
    assert client.get("/console/queue/").status_code == 403


def test_one_organisation_never_meets_another(organisation: Any, now: Any) -> None:
    other = people.make_organisation("Another Helpline")
    case = people.open_case(organisation).case
    with tenancy.organisation(organisation.pk):
        match = people.make_match(case)
        notice = people.make_notice(people.make_finding(case))
    theirs = people.signed_in(people.worker(other, "lead"))
    assert case.reference.encode() not in theirs.get("/console/cases/").content
    assert b'form class="decision"' not in theirs.get("/console/queue/").content
    for url in (
        f"/console/cases/{case.pk}/",
        f"/console/cases/{case.pk}/timeline/",
        f"/console/cases/{case.pk}/letters/",
        f"/console/cases/{case.pk}/pictures/",
    ):
        assert theirs.get(url).status_code == 404
    for kind, id in (("match", match.pk), ("notice", notice.pk)):
        answer = theirs.post(f"/console/decision/{kind}/{id}/take/", {"choice": "confirm", "mark": "x"}, follow=True)
        assert b"Nothing was done a second time" in answer.content
    with tenancy.organisation(organisation.pk):
        match.refresh_from_db()
        notice.refresh_from_db()
        assert (match.state, notice.state) == ("candidate", "draft")


def test_a_survivor_sees_her_own_case_only(organisation: Any, now: Any) -> None:
    hers, another = people.open_case(organisation), people.open_case(organisation).case
    with tenancy.organisation(organisation.pk):
        match = people.make_match(another, state="asked", page="https://elsewhere.example/x")
        finding = people.make_finding(another, age="unknown", page="https://elsewhere.example/y")
    client = people.entered(hers.access_code)
    assert b"elsewhere" not in client.get("/case/").content
    for url, choice in ((f"/case/answer/{match.pk}/", "me"), (f"/case/age/{finding.pk}/", "adult")):
        answer = client.post(url, {"choice": choice, "age": "adult"}, follow=True)
        assert b"Nothing was done a second time" in answer.content
    with tenancy.organisation(organisation.pk):
        match.refresh_from_db()
        finding.refresh_from_db()
        assert (match.state, finding.age) == ("asked", "unknown")
