"""Addresses of the API. Every one of them is behind the gate."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, JsonResponse
from django.urls import path
from django.views.decorators.http import require_GET

from efface.accounts.access import PARTNER, PUBLIC, view
from efface.api import asking, gate, operations  # noqa: F401 - they register themselves
from efface.api.api import api


@view(access=PUBLIC)
@require_GET
def schema(request: HttpRequest) -> JsonResponse:
    """The OpenAPI file: for anybody; it says nothing of any case or partner."""
    from efface.api.schema import document

    return JsonResponse(document(), json_dumps_params={"indent": 1})


def _behind_the_gate(routes: Any) -> list[Any]:
    for route in routes:
        route.callback.access = PARTNER
    return routes


_routes, _app, _space = api.urls
urlpatterns = [
    path("v1/openapi.json", schema, name="openapi"),
    path("v1/", (_behind_the_gate([one for one in _routes if getattr(one, "name", "") != "api-root"]), _app, _space)),
]
