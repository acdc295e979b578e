"""Every operation is listed here with the scope it asks for; the OpenAPI file is the one that is committed; and a
machine that tries everything the file allows meets no error of ours."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from efface.api import schema
from efface.api.api import Bearer, api
from tests.api.conftest import Api

COMMITTED = Path(__file__).parents[2] / "docs" / "openapi.json"

#: Operation -> the scope a key needs; "" for any key that stands. A new operation must be added here, by hand.
SCOPES = {
    "me": "", "open_case": "cases.open", "list_cases": "cases.read", "read_case": "cases.read",
    "list_findings": "cases.read", "add_links": "links.add", "list_links": "cases.read", "send_report": "reports.send",
    "lookup": "lookup", "hma_lookup": "lookup", "make_calendar": "cases.read", "end_calendar": "cases.read",
}  # fmt: skip


def operations() -> dict[str, Any]:
    schema.document()
    found = {}
    for _prefix, router in api._routers:
        for path in router.path_operations.values():
            for one in path.operations:
                found[str(one.operation_id)] = one
    return found


def test_every_operation_is_listed_with_its_scope() -> None:
    asked = {name: [str(auth.scope) for auth in one.auth_callbacks] for name, one in operations().items()}
    assert asked == {name: [scope] for name, scope in SCOPES.items()}
    assert all(isinstance(auth, Bearer) for one in operations().values() for auth in one.auth_callbacks)


def test_the_committed_file_is_the_one_that_is_served() -> None:
    told = "make it anew: efface api schema --out docs/openapi.json"
    assert COMMITTED.read_text(encoding="utf-8") == schema.text(), told


@pytest.mark.django_db
def test_the_file_is_served_to_anybody(client: Any) -> None:
    answer = client.get("/api/v1/openapi.json")
    assert answer.status_code == 200 and answer.json() == schema.document()


def test_every_operation_says_its_errors_as_problems() -> None:
    for path in schema.document()["paths"].values():
        for operation in path.values():
            wrong = [status for status in operation["responses"] if int(status) >= 400]
            assert {"401", "403", "422", "429"} <= set(wrong)
            assert all("application/problem+json" in operation["responses"][one]["content"] for one in wrong)
            assert operation["security"] and operation["description"]


@pytest.mark.django_db
def test_a_wrong_method_or_address_is_no_error_of_ours(asks: Api) -> None:
    headers = {"authorization": f"Bearer {asks.key}"}
    assert asks.client.delete("/api/v1/cases", headers=headers).status_code == 405
    assert asks.client.get("/api/v1/nothing", headers=headers).status_code == 404
    assert asks.client.post("/api/v1/cases", b"\xff{", content_type="application/json",
                            headers={**headers, "idempotency-key": "12345678"}).status_code == 400  # fmt: skip
