"""A partner of an organisation, and a client that asks with its key."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from efface.engine.base import tenancy
from efface.partners import keys
from efface.partners.models import Partner, Scope
from tests.conftest import NOON

EVERY = list(Scope.values)


def make_partner(organisation: Any, scopes: Any = None, days: int = 90) -> keys.Made:
    with tenancy.organisation(organisation.pk):
        return keys.make(
            organisation.pk, "Example Shelter", scopes or EVERY, days, "coordinator:test", NOON, "paper 7, in the safe"
        )


class Api:
    """Asks as a partner does. Each change has an idempotency key of its own unless one is given."""

    def __init__(self, key: str) -> None:
        self.key, self.client = key, Client()

    def get(self, path: str, **query: Any) -> Any:
        return self.client.get(f"/api/v1{path}", query, headers={"authorization": f"Bearer {self.key}"})

    def post(self, path: str, body: Any, once: str = "", **headers: str) -> Any:
        return self.client.post(
            f"/api/v1{path}", body, content_type="application/json",
            headers={"authorization": f"Bearer {self.key}", "idempotency-key": once or uuid.uuid4().hex, **headers},
        )  # fmt: skip


@pytest.fixture
def made(organisation: Any, now: Any) -> keys.Made:
    return make_partner(organisation)


@pytest.fixture
def partner(made: keys.Made) -> Partner:
    return made.partner


@pytest.fixture
def asks(made: keys.Made) -> Api:
    return Api(made.key)


@pytest.fixture
def asks_with(organisation: Any, now: Any) -> Callable[..., Api]:
    return lambda *scopes, **more: Api(make_partner(organisation, scopes, **more).key)
