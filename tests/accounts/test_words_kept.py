"""What a member wrote at length is never lost: whatever ended their session, changed under their hands, or said no."""

from __future__ import annotations

from typing import Any

import pytest
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.test import Client
from django.urls import get_resolver, path

from efface.accounts import access, devices, second, unsent
from efface.accounts.models import Member, SignIn, Unsent
from efface.engine.base import clock, tenancy
from tests import people

pytestmark = pytest.mark.django_db
WORDS = "Dear A., this took me an hour to write.\nAnd it goes on here: <b> & 'so'."
OTHERS = "Something else that somebody else wrote at some length, on the same page, the same day."


@pytest.fixture
def worker(organisation: Any, now: Any) -> Any:
    return people.worker(organisation, "caseworker", password=people.PASSWORD)


@pytest.fixture
def client(worker: Any) -> Client:
    client = people.signed_in(worker)
    client.get("/console/account/")
    return client


def kept(client: Client) -> str:
    return client.get("/console/account/unsent/").content.decode()


def revoked(worker: Any, organisation: Any) -> None:
    with tenancy.organisation(organisation.pk):
        member = Member.objects.get(user=worker)
        assert devices.end_all(member, "lead:x", clock.wall()) == 1


def test_several_values_of_one_field_come_back(client: Client, worker: Any, organisation: Any) -> None:
    revoked(worker, organisation)
    client.post("/console/cases/new/", {"age": "adult", "purposes": ["notify", "hash_match"], "name": "N."})
    with tenancy.organisation(organisation.pk):
        assert Unsent.objects.get().fields["purposes"] == ["notify", "hash_match"]
    page = kept(people.signed_in(worker))
    assert page.count('name="purposes"') == 2 and 'value="hash_match"' in page and 'value="notify"' in page


@pytest.mark.parametrize("letters", ["Привіт, мені дуже прикро. ", "نحن نعمل على ذلك. ", "a"])
def test_a_long_letter_in_any_script_is_kept(client: Client, worker: Any, organisation: Any, letters: str) -> None:
    text = (letters * 20_000)[:20_000]
    revoked(worker, organisation)
    client.post("/console/cases/new/", {"name": text})
    with tenancy.organisation(organisation.pk):
        assert Unsent.objects.get().fields == {"name": text}


def test_a_decision_that_somebody_took_meanwhile_gives_the_words_back(client: Client, organisation: Any) -> None:
    from efface.cases import messages

    case = people.open_case(organisation).case
    with tenancy.organisation(organisation.pk):
        message = messages.write(case, from_survivor=True, author="survivor", text="Anything new?", now=case.opened_at)
    place = f"/console/decision/message/{message.pk}/"
    mark = client.get(place).content.decode().split('name="mark" value="')[1].split('"')[0]
    given = {"mark": mark, "choice": "answer", "text": WORDS}
    changed = client.post(place + "take/", given | {"mark": "0" * 16})
    assert changed.status_code == 409 and "This changed since you opened it" in changed.content.decode()
    assert "it goes on here: &lt;b&gt;" in changed.content.decode() and mark in changed.content.decode()
    assert client.post(place + "take/", given).status_code == 302
    late = client.post(place + "take/", given | {"text": OTHERS})
    assert late.status_code == 409 and "Nothing was done a second time" in late.content.decode()
    assert OTHERS in late.content.decode()
    with tenancy.organisation(organisation.pk):
        assert [one.text for one in case.messages.filter(from_survivor=False)] == [WORDS]
        assert not Unsent.objects.exists(), "it stands on the page: nothing else is kept"


VIEWS: dict[str, Any] = {}


def _view(function: Any) -> Any:
    VIEWS[function.__name__] = access.view(access=access.MEMBERS)(function)
    return function


@_view
def gone(request: HttpRequest) -> HttpResponse:
    raise Http404


@_view
def breaks(request: HttpRequest) -> HttpResponse:
    raise ZeroDivisionError


@_view
def warns(request: HttpRequest) -> HttpResponse:
    from django.contrib import messages

    messages.warning(request, "No.")
    return redirect("/console/")


@_view
def shows_nothing(request: HttpRequest) -> HttpResponse:
    return HttpResponse("Something is wrong.", status=422)


@_view
def shows_it(request: HttpRequest) -> HttpResponse:
    from django.utils.html import escape

    return HttpResponse(f"<textarea>{escape(request.POST['text'])}</textarea>", status=422)


@_view
def takes(request: HttpRequest) -> HttpResponse:
    from django.contrib import messages

    messages.success(request, "Done.")
    return redirect("/console/")


class Routes:
    """The console, and forms that say no in every way."""

    urlpatterns = [*(path(f"console/try/{name}/", view, name=name) for name, view in VIEWS.items()),
                   *get_resolver().url_patterns]  # fmt: skip


@pytest.mark.parametrize("how", ["gone", "breaks", "warns", "shows_nothing"])
def test_a_form_that_says_no_in_any_way_keeps_the_words(
    how: str, client: Client, worker: Any, organisation: Any, settings: Any
) -> None:
    settings.ROOT_URLCONF = Routes
    client.raise_request_exception = False
    answer = client.post(f"/console/try/{how}/", {"text": WORDS, "choice": "say", "password": "my own"})
    assert answer.status_code in (302, 404, 422, 500)
    with tenancy.organisation(organisation.pk):
        assert Unsent.objects.get().fields == {"text": WORDS, "choice": "say"}
    if how == "warns":
        assert "kept for a day" in client.get("/console/account/").content.decode()


@pytest.mark.parametrize(("how", "text"), [("shows_it", WORDS), ("takes", WORDS), ("warns", "short")])
def test_what_is_not_lost_is_not_kept(how: str, text: str, client: Client, organisation: Any, settings: Any) -> None:
    settings.ROOT_URLCONF = Routes
    client.post(f"/console/try/{how}/", {"text": text})
    with tenancy.organisation(organisation.pk):
        assert not Unsent.objects.exists()


def test_sent_again_and_refused_again_it_stays(client: Client, organisation: Any, settings: Any) -> None:
    settings.ROOT_URLCONF = Routes
    for _ in range(2):
        client.post("/console/try/warns/", {"text": WORDS, unsent.MARK: "1"})
        with tenancy.organisation(organisation.pk):
            assert Unsent.objects.count() == 1
    with tenancy.organisation(organisation.pk):
        Unsent.objects.update(path="/console/try/takes/")
    client.post("/console/try/takes/", {"text": WORDS, unsent.MARK: "1"})
    with tenancy.organisation(organisation.pk):
        assert not Unsent.objects.exists()


def test_a_role_that_changed_or_a_second_step_that_went_meanwhile_keeps_them_too(
    client: Client, worker: Any, organisation: Any
) -> None:
    case = people.open_case(organisation).case
    with tenancy.organisation(organisation.pk):
        Member.objects.filter(user=worker).update(role="auditor")
    assert client.post(f"/console/cases/{case.pk}/message/", {"text": WORDS}).status_code == 403
    assert "this took me an hour" in kept(client)
    session = client.session
    del session[second.PASSED]
    session.save()
    assert client.post("/console/demands/", {"asked_for": OTHERS}).headers["Location"] == "/console/second-step/"
    assert OTHERS in kept(people.signed_in(worker))


def test_it_is_given_to_nobody_else(client: Client, worker: Any, organisation: Any, settings: Any) -> None:
    settings.ROOT_URLCONF = Routes
    client.post("/console/try/warns/", {"text": WORDS})
    for role in ("caseworker", "lead", "coordinator", "auditor", "operator"):
        other = people.signed_in(people.worker(organisation, role))
        assert other.get("/console/account/unsent/").status_code == 302
    stranger = people.worker(people.make_organisation("Another"), "lead")
    assert people.signed_in(stranger).get("/console/account/unsent/").status_code == 302
    with tenancy.organisation(organisation.pk):
        assert SignIn.objects.filter(member__user=worker).count() == 1


def test_a_form_of_two_megabytes_and_more_is_refused_and_nothing_breaks(client: Client) -> None:
    client.raise_request_exception = False
    assert client.post("/console/sites/add/", {"address": "x" * 10_000_000}).status_code in (302, 400, 413)


@pytest.mark.parametrize(
    "where", ["queue/?kind=a%00b", "cases/?q=%00", "find/?q=a%00b", "%00/", "sites/?words=%00", "knowledge/?q=%00"]
)
def test_a_nul_in_an_address_is_nothing(client: Client, where: str) -> None:
    assert client.get("/console/" + where).status_code in (200, 302, 404)
