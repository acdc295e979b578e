"""Schemathesis tries what the OpenAPI file allows, and what it does not, with every kind of key: no error of ours, and
answers as described."""

from __future__ import annotations

import json
import warnings
from collections import Counter
from typing import Any

import pytest

from efface.api import asking as lookups
from efface.api import gate, operations, schema
from efface.engine.base import tenancy
from efface.engine.base.limits import Limit
from efface.partners import keys
from efface.partners.models import Partner, Scope
from tests.api.conftest import Api, make_partner
from tests.conftest import NOON

pytestmark = [pytest.mark.django_db, pytest.mark.slow]
EXAMPLES = 60
FEW = 10
WHO = [*Scope.values, "another", "revoked", "expired", "halted", "nobody"]


@pytest.fixture
def unlimited(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EFFACE_PLATFORM_LOOKUP", "true")
    for module, name in ((gate, "ASKED"), (gate, "WRONG"), (operations, "OPENED"), (lookups, "ASKED")):
        monkeypatch.setattr(module, name, Limit(f"any-{name}", 1_000_000, 0.001))


def try_everything(asks: Api, mode: str, case_id: str, examples: int) -> Counter[int]:
    """How often each status came back."""
    import schemathesis
    from hypothesis import HealthCheck, Phase, given, settings
    from hypothesis import strategies as some
    from schemathesis.generation import GenerationMode

    from efface.engine.base.django import SECRET_KEY  # noqa: F401 - settings are there before the loader looks

    described = schemathesis.openapi.from_dict(schema.document())
    asked: Counter[int] = Counter()
    wrong: list[str] = []
    for result in described.get_all_operations():
        operation = result.ok()
        strategy = operation.as_strategy(generation_mode=GenerationMode(mode))

        @settings(max_examples=examples, deadline=None, database=None, derandomize=True,
                  suppress_health_check=list(HealthCheck), phases=[Phase.generate])  # fmt: skip
        @given(case=strategy, real=some.booleans())
        def one(case: Any, real: bool) -> None:
            path = case.formatted_path
            if real and "{id}" in case.path:
                path = case.path.replace("{id}", case_id)
            headers = {str(k).lower(): str(v) for k, v in dict(case.headers or {}).items()}
            if asks.key:
                headers["authorization"] = f"Bearer {asks.key}"
            body = b"" if case.body is schemathesis.core.NOT_SET else json.dumps(case.body, default=str).encode()
            query = {k: v if isinstance(v, list) else str(v) for k, v in dict(case.query or {}).items()}
            answer = asks.client.generic(
                case.method, path, body, content_type="application/json", query_params=query, headers=headers,
            )  # fmt: skip
            asked[answer.status_code] += 1
            if answer.status_code >= 500 and answer.status_code != 503:
                wrong.append(f"{case.method} {case.path}: {answer.status_code}")
            if answer.status_code >= 400 and answer.status_code not in (404, 405):
                assert answer.headers["Content-Type"] == "application/problem+json", (case.method, path, answer.content)

        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            one()
    assert wrong == []
    return asked


@pytest.mark.timeout(900)
@pytest.mark.parametrize("mode", ["positive", "negative"])
def test_no_input_makes_an_error_of_ours(asks: Api, unlimited: None, record_property: Any, mode: str) -> None:
    case_id = asks.post("/cases", {"age": "adult"}).json()["id"]
    asked = try_everything(asks, mode, case_id, EXAMPLES)
    record_property("statuses", dict(sorted(asked.items())))
    assert asked.total() >= EXAMPLES * 5
    if mode == "positive":
        assert asked[200] + asked[201] > EXAMPLES


@pytest.mark.timeout(900)
@pytest.mark.parametrize("who", WHO)
def test_no_key_makes_an_error_of_ours(
    asks: Api, unlimited: None, organisation: Any, record_property: Any, who: str
) -> None:
    """Keys with one scope each, of another partner, that ended or were halted, and none: what one may not do is refused
    as such, and a case that another key brought is not there."""
    case_id = asks.post("/cases", {"age": "adult"}).json()["id"]
    made = make_partner(organisation, [who] if who in Scope.values else None)
    with tenancy.organisation(organisation.pk):
        if who == "revoked":
            keys.revoke(made.partner, "c", NOON)
        elif who == "expired":
            Partner.objects.filter(pk=made.partner.pk).update(expires_at=NOON)
        elif who == "halted":
            Partner.objects.filter(pk=made.partner.pk).update(halted_at=NOON)
    asked = try_everything(Api("" if who == "nobody" else made.key), "positive", case_id, FEW)
    asked += try_everything(Api("" if who == "nobody" else made.key), "negative", case_id, FEW)
    record_property("statuses", dict(sorted(asked.items())))
    if who in ("revoked", "expired", "nobody"):
        assert set(asked) <= {401, 404, 405}, "nothing but the door"
    elif who in Scope.values:
        assert asked[403] > 0
