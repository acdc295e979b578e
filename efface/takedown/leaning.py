"""What the words of a mail lean to where no phrase says it: naive Bayes over beginnings of words, pairs of them and the
notions of the phrasebook, counted in the corpus of replies by ``bench/replies/weigh.py``.

It only speaks where the phrases are silent or merely hint, and it never says by itself that anything was removed."""

from __future__ import annotations

import json
import math
from functools import lru_cache
from itertools import combinations
from pathlib import Path
from typing import Any

from efface.takedown.phrasebook import Language, fold, languages

COUNTS = Path(__file__).parent / "leaning.json"
LONGEST = 3_000
"""Letters that are weighed: the point of a mail stands early."""
STEM = 5
SMOOTHING = 0.5
TEMPER = 0.5
"""Words of one mail are no independent witnesses: each counts half. Chosen by cross-validation on open and more."""
NOTIONS = (
    "content", "request", "party", "thing", "send", "removal", "inside", "not", "if", "plan", "done", "thanks", "may",
    "without", "why",
)  # fmt: skip


def units(text: str, language: Language) -> frozenset[str]:
    """What is counted in a text: ``de:bilde``, ``de:bilde_gelos``, ``content``, ``content&not``."""
    head = text[:LONGEST]
    folded = language.folded(head)
    if language.spaceless:
        letters = [one for one in folded if one.isalnum()]
        found = {f"{language.code}:{one}{two}" for one, two in zip(letters, letters[1:], strict=False)}
    else:
        words = [one[:STEM] for one in fold(head).split()]
        found = {f"{language.code}:{one}" for one in words if len(one) > 2}
        found |= {f"{language.code}:{one}_{two}" for one, two in zip(words, words[1:], strict=False)}
    notions = [name for name in NOTIONS if language.found(name, folded)]
    notions += ["?"] if "?" in folded else []
    return frozenset(found) | set(notions) | {f"{one}&{two}" for one, two in combinations(notions, 2)}


def lean(text: str, code: str) -> dict[str, float]:
    """Kinds with their shares, which make one together. ``code`` is the language; without words: all alike."""
    return weigh(units(text, languages()[code]), _counts())


def weigh(found: frozenset[str], counts: dict[str, Any]) -> dict[str, float]:
    """The shares that ``counts`` (``kinds``, ``mails`` per kind, ``units``: per kind) give to what was found."""
    kinds, mails = counts["kinds"], counts["mails"]
    scores = [math.log(number / sum(mails)) for number in mails]
    for unit in sorted(found):
        seen = counts["units"].get(unit)
        if seen is not None:
            for place, number in enumerate(mails):
                scores[place] += TEMPER * math.log((seen[place] + SMOOTHING) / (number + 2 * SMOOTHING))
    top = max(scores)
    shares = [math.exp(score - top) for score in scores]
    return {kind: share / sum(shares) for kind, share in zip(kinds, shares, strict=True)}


@lru_cache(maxsize=1)
def _counts() -> dict[str, Any]:
    found: dict[str, Any] = json.loads(COUNTS.read_text(encoding="utf-8"))
    return found
