"""Schemathesis tries what the OpenAPI file allows, and what it does not: no error of ours, and answers as described."""

from __future__ import annotations

import json
import warnings
from typing import Any

import pytest

from efface.api import asking as lookups
from efface.api import gate, operations, schema
from efface.engine.base.limits import Limit
from tests.api.conftest import Api

pytestmark = [pytest.mark.django_db, pytest.mark.slow]
EXAMPLES = 60


@pytest.fixture
def unlimited(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EFFACE_PLATFORM_LOOKUP", "true")
    for module, name in ((gate, "ASKED"), (gate, "WRONG"), (operations, "OPENED"), (lookups, "ASKED")):
        monkeypatch.setattr(module, name, Limit(f"any-{name}", 1_000_000, 0.001))


@pytest.mark.timeout(900)
@pytest.mark.parametrize("mode", ["positive", "negative"])
def test_no_input_makes_an_error_of_ours(asks: Api, unlimited: None, mode: str) -> None:
    import schemathesis
    from hypothesis import HealthCheck, Phase, given, settings
    from hypothesis import strategies as some
    from schemathesis.generation import GenerationMode

    from efface.engine.base.django import SECRET_KEY  # noqa: F401 - settings are there before the loader looks

    described = schemathesis.openapi.from_dict(schema.document())
    case_id = asks.post("/cases", {"age": "adult"}).json()["id"]
    asked: dict[int, int] = {}
    wrong: list[str] = []
    for result in described.get_all_operations():
        operation = result.ok()
        strategy = operation.as_strategy(generation_mode=GenerationMode(mode))

        @settings(max_examples=EXAMPLES, deadline=None, database=None, derandomize=True,
                  suppress_health_check=list(HealthCheck), phases=[Phase.generate])  # fmt: skip
        @given(case=strategy, real=some.booleans())
        def one(case: Any, real: bool) -> None:
            path = case.formatted_path
            if real and "{id}" in case.path:
                path = case.path.replace("{id}", case_id)
            headers = {str(k).lower(): str(v) for k, v in dict(case.headers or {}).items()}
            headers["authorization"] = f"Bearer {asks.key}"
            body = b"" if case.body is schemathesis.core.NOT_SET else json.dumps(case.body, default=str).encode()
            query = {k: v if isinstance(v, list) else str(v) for k, v in dict(case.query or {}).items()}
            answer = asks.client.generic(
                case.method, path, body, content_type="application/json", query_params=query, headers=headers,
            )  # fmt: skip
            asked[answer.status_code] = asked.get(answer.status_code, 0) + 1
            if answer.status_code >= 500 and answer.status_code != 503:
                wrong.append(f"{case.method} {case.path}: {answer.status_code}")
            if answer.status_code >= 400 and answer.status_code not in (404, 405):
                assert answer.headers["Content-Type"] == "application/problem+json", (case.method, path, answer.content)

        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            one()
    assert wrong == []
    assert sum(asked.values()) >= EXAMPLES * 5
    if mode == "positive":
        assert asked.get(200, 0) + asked.get(201, 0) > EXAMPLES
