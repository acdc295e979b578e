"""Web search through an interface for which the organisation owns a key: JSON, {"web": {"results": [{"url"}]}}."""

from __future__ import annotations

from collections.abc import Sequence
from urllib.parse import urlencode

from efface.cases.models import Purpose
from efface.search.sources.contract import Contract, Question, Setup, SourceRefused, missing
from efface.search.sources.wording import phrases

HEADER = "X-Subscription-Token"


class Keyed:
    contract = Contract(
        "keyed", ("endpoint", "key", "terms"), "names", Purpose.TEXT_SEARCH, 50,
        "The service sees the names that are asked. Its terms must allow this use; say where, and who read them.",
    )  # fmt: skip

    def questions(self, words: Sequence[str], domains: Sequence[str], setup: Setup) -> list[Question]:
        lacking = missing(self.contract, setup)
        if lacking or not setup.endpoint.startswith("https://"):
            raise SourceRefused(f"keyed needs {', '.join(lacking) or 'an https:// endpoint'}")
        base = setup.endpoint.rstrip("?")
        return [
            Question(f"{base}?{urlencode({'q': one, 'count': 20})}", HEADER, setup.key)
            for one in phrases(words, domains)
        ]


SOURCE = Keyed()
