"""The OpenAPI file, the same wherever and whenever it is made."""

from __future__ import annotations

import json
from typing import Any

from efface.api import asking, operations  # noqa: F401 - they register the operations
from efface.api.api import api

PREFIX = "/api/v1/"


def document() -> dict[str, Any]:
    """OpenAPI 3.1, JSON-ready. Problems are ``application/problem+json``, and each operation names its scope."""
    made: dict[str, Any] = json.loads(json.dumps(api.get_openapi_schema(path_prefix=PREFIX), default=str))
    for path in made["paths"].values():
        for operation in path.values():
            for status, answer in operation["responses"].items():
                if int(status) >= 400 and "content" in answer:
                    answer["content"] = {"application/problem+json": next(iter(answer["content"].values()))}
    return made


def text() -> str:
    return json.dumps(document(), indent=1, sort_keys=True, ensure_ascii=False) + "\n"
