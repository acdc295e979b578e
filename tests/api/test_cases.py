"""A partner opens a case, adds links, reads how it stands: its own alone, once however often it asks."""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection
from django.urls import reverse

from efface.cases import consents
from efface.cases.models import Case, ReportedLink
from efface.engine.base import tenancy
from efface.partners import keys
from efface.partners.models import Partner, Repeat, Scope
from tests import people
from tests.api.conftest import Api, make_partner

pytestmark = pytest.mark.django_db
NEW = {"age": "adult", "country": "DE", "language": "en", "acquisition": "unknown", "danger": False}


def test_a_case_is_opened_and_its_code_opens_the_portal(asks: Api) -> None:
    answer = asks.post("/cases", NEW)
    assert answer.status_code == 201, answer.content
    given = answer.json()
    assert given["state"] == "open" and len(given["access_code"].replace("-", "")) == 16
    assert b"What I allow" in people.entered(given["access_code"]).get(reverse("portal:consents"), follow=True).content


def test_the_same_request_twice_opens_one_case_and_shows_the_code_once(asks: Api, organisation: Any) -> None:
    first = asks.post("/cases", NEW, once="the-same-one")
    again = asks.post("/cases", NEW, once="the-same-one")
    assert (first.status_code, again.status_code) == (201, 201)
    assert again.json() == first.json() | {"access_code": None}
    with tenancy.organisation(organisation.pk):
        assert Case.objects.count() == 1
        kept = json.dumps([row.answer for row in Repeat.objects.all()])
    assert first.json()["access_code"] not in kept


def test_a_used_key_with_another_request_is_refused(asks: Api, organisation: Any) -> None:
    asks.post("/cases", NEW, once="the-same-one")
    answer = asks.post("/cases", NEW | {"country": "FR"}, once="the-same-one")
    assert answer.status_code == 409 and "another request" in answer.json()["detail"]
    with tenancy.organisation(organisation.pk):
        assert Case.objects.count() == 1


def test_an_error_uses_up_no_key(asks: Api) -> None:
    assert asks.post("/cases", NEW | {"acquisition": "nonsense"}, once="try-again-1").status_code == 422
    assert asks.post("/cases", NEW, once="try-again-1").status_code == 201


def test_a_change_without_an_idempotency_key_is_refused(asks: Api, organisation: Any) -> None:
    answer = asks.client.post(
        "/api/v1/cases", NEW, content_type="application/json", headers={"authorization": f"Bearer {asks.key}"}
    )
    assert answer.status_code == 422 and answer.headers["Content-Type"] == "application/problem+json"
    with tenancy.organisation(organisation.pk):
        assert not Case.objects.exists()


@pytest.mark.parametrize("bad", [
    {"age": "14"}, {"country": "Germany"}, {"language": "<b>"}, {"acquisition": "x" * 40}, {"name": "Somebody"},
    {"danger": "perhaps"},
])  # fmt: skip
def test_bad_input_is_told_and_not_repeated(asks: Api, bad: dict[str, Any]) -> None:
    answer = asks.post("/cases", NEW | bad)
    assert answer.status_code == 422
    assert answer.json()["type"] == "urn:efface:problem:invalid" and answer.json()["problems"]
    assert "Somebody" not in answer.content.decode()


def test_links_are_added_once_each_and_bad_ones_are_said(asks: Api, organisation: Any) -> None:
    case = asks.post("/cases", NEW).json()["id"]
    urls = ["https://pictures.example/p/1", "not an address", "https://pictures.example/p/2"]
    first = asks.post(f"/cases/{case}/links", {"urls": urls}).json()["items"]
    assert [bool(one["id"]) for one in first] == [True, False, True] and first[1]["problem"]
    again = asks.post(f"/cases/{case}/links", {"urls": urls[:1]}).json()["items"]
    assert again == [{"id": first[0]["id"], "again": True, "problem": None}]
    with tenancy.organisation(organisation.pk):
        assert ReportedLink.objects.count() == 2
    listed = asks.get(f"/cases/{case}/links").json()["items"]
    assert [one["state"] for one in listed] == ["received", "received"]


def test_what_comes_back_holds_no_address_and_no_name(asks: Api, organisation: Any, now: Any) -> None:
    id = asks.post("/cases", NEW).json()["id"]
    asks.post(f"/cases/{id}/links", {"urls": ["https://pictures.example/p/1"]})
    with tenancy.organisation(organisation.pk):
        case = Case.objects.get(pk=id)
        case.name = "Somebody Known"
        case.save()
        consents.give(case, "hash_match", "survivor", now)
        people.make_finding(case, page="https://pictures.example/p/found")
    said = b"".join(asks.get(path).content for path in
                    ("/cases", f"/cases/{id}", f"/cases/{id}/findings", f"/cases/{id}/links"))  # fmt: skip
    assert b'"state": "live"' in said or b'"state":"live"' in said
    assert b"pictures.example" not in said and b"Somebody" not in said


def test_a_case_of_somebody_else_is_not_there(asks: Api, organisation: Any) -> None:
    theirs = people.open_case(organisation).case
    others = Api(make_partner(organisation).key)
    brought = others.post("/cases", NEW).json()["id"]
    elsewhere = Api(make_partner(people.make_organisation("Another Helpline")).key)
    for id, asker in ((theirs.pk, asks), (brought, asks), (brought, elsewhere), (uuid.uuid4(), asks)):
        for path in ("", "/findings", "/links"):
            assert asker.get(f"/cases/{id}{path}").status_code == 404
        assert asker.post(f"/cases/{id}/links", {"urls": ["https://pictures.example/1"]}).status_code == 404
    assert asks.get("/cases").json()["items"] == []


def test_pages_of_a_list_miss_nothing_and_repeat_nothing(asks: Api) -> None:
    made = [asks.post("/cases", NEW).json()["id"] for _ in range(5)]
    seen: list[str] = []
    after: dict[str, str] = {}
    while True:
        page = asks.get("/cases", limit=2, **after).json()
        seen += [one["id"] for one in page["items"]]
        if page["next"] is None:
            break
        after = {"after": page["next"]}
    assert seen == made


def test_a_paused_case_takes_no_links(asks: Api, organisation: Any, now: Any) -> None:
    id = asks.post("/cases", NEW).json()["id"]
    with tenancy.organisation(organisation.pk):
        consents.stop(Case.objects.get(pk=id), "survivor", now)
    answer = asks.post(f"/cases/{id}/links", {"urls": ["https://pictures.example/1"]})
    assert answer.status_code == 409 and "Ask the organisation" in answer.json()["detail"]
    with tenancy.organisation(organisation.pk):
        assert not ReportedLink.objects.exists()


def test_after_she_ended_it_the_partner_sees_nothing(asks: Api, organisation: Any, now: Any) -> None:
    from efface.partners import casework

    id = asks.post("/cases", NEW).json()["id"]
    with tenancy.organisation(organisation.pk):
        assert casework.end_sight(Case.objects.get(pk=id), "survivor", now) == 1
    assert asks.get(f"/cases/{id}").status_code == 404
    assert asks.get("/cases").json()["items"] == []


def test_wrong_old_and_revoked_keys_open_nothing(
    asks: Api, partner: Partner, organisation: Any, now: Any, asks_with: Callable[..., Api]
) -> None:
    for key in ("", "efk_", "efk_" + "x" * 43, "efk_" + "ü" * 20, "x" * 5000):
        assert Api(key).get("/me").status_code == 401
    with tenancy.organisation(organisation.pk):
        Partner.objects.filter(pk=partner.pk).update(expires_at=now)
    assert asks.get("/me").status_code == 401
    other = asks_with(Scope.CASES_READ)
    assert other.get("/me").json()["scopes"] == ["cases.read"]
    with tenancy.organisation(organisation.pk):
        row = Partner.objects.exclude(pk=partner.pk).get()
        assert keys.revoke(row, "coordinator:x", now) and not keys.revoke(row, "coordinator:x", now)
    answer = other.get("/me")
    assert answer.status_code == 401 and answer.headers["WWW-Authenticate"].startswith("Bearer")


def test_each_scope_opens_its_own_and_nothing_else(asks: Api, asks_with: Callable[..., Api]) -> None:
    case = asks.post("/cases", NEW).json()["id"]
    wanted = {
        ("POST", "/cases"): "cases.open", ("GET", "/cases"): "cases.read", ("GET", f"/cases/{case}"): "cases.read",
        ("GET", f"/cases/{case}/findings"): "cases.read", ("GET", f"/cases/{case}/links"): "cases.read",
        ("POST", f"/cases/{case}/links"): "links.add",
    }  # fmt: skip
    for scope in Scope.values:
        asker = asks_with(scope)
        for (method, path), needed in wanted.items():
            body = NEW if path == "/cases" else {"urls": ["https://pictures.example/1"]}
            answer = asker.get(path) if method == "GET" else asker.post(path, body)
            assert (answer.status_code == 403) == (scope != needed), (scope, method, path)


def test_who_asks_too_often_is_told_when_to_come_back(asks: Api, monkeypatch: Any) -> None:
    from efface.api import gate
    from efface.engine.base.limits import Limit

    monkeypatch.setattr(gate, "ASKED", Limit("api-small", 3, 60.0))
    codes = [asks.get("/me").status_code for _ in range(4)]
    assert codes == [200, 200, 200, 429]
    answer = asks.get("/me")
    assert int(answer.headers["Retry-After"]) >= 1 and "Nothing was done" in answer.json()["detail"]


def test_guessing_keys_is_slowed_down(monkeypatch: Any, asks: Api) -> None:
    from efface.api import gate
    from efface.engine.base.limits import Limit

    monkeypatch.setattr(gate, "WRONG", Limit("api-wrong-small", 2, 60.0))
    assert [Api("efk_wrong").get("/me").status_code for _ in range(3)] == [401, 401, 429]


def test_the_key_itself_is_kept_nowhere(made: keys.Made, organisation: Any) -> None:
    with connection.cursor() as cursor, tenancy.organisation(organisation.pk):
        cursor.execute("SELECT row_to_json(p)::text FROM partners_partner p")
        assert made.key not in cursor.fetchone()[0]
