"""Web search through a SearXNG instance of the organisation's own, by its JSON format."""

from __future__ import annotations

from collections.abc import Sequence
from urllib.parse import urlencode

from efface.cases.models import Purpose
from efface.search.sources.contract import Contract, Question, Setup, SourceRefused, missing
from efface.search.sources.wording import phrases


class Searxng:
    contract = Contract(
        "searxng", ("endpoint",), "names", Purpose.TEXT_SEARCH, 50,
        "Use an instance that you run yourself: its operator, and the engines behind it, see the names that are asked.",
    )  # fmt: skip

    def questions(self, words: Sequence[str], domains: Sequence[str], setup: Setup) -> list[Question]:
        if missing(self.contract, setup) or not setup.endpoint.startswith("https://"):
            raise SourceRefused("searxng needs the https:// address of an instance as its endpoint")
        base = setup.endpoint.rstrip("/")
        asked = [urlencode({"q": one, "format": "json", "safesearch": 0}) for one in phrases(words, domains)]
        return [Question(f"{base}/search?{one}") for one in asked]


SOURCE = Searxng()
