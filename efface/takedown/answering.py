"""What a desk asks for before it acts, and what it is answered. Pure.

An answer stands before the complete notice, which is sent again inside its approval: nobody has to look anything up.
An identity document is never passed on; the organisation attests instead. What only a person can do (a form, an order
of a court) is never answered by a machine.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from functools import lru_cache
from pathlib import Path

import yaml

from efface.takedown.reading import sentences, unquoted

HOME = Path(__file__).parent / "answers"
ANSWERED = ("identity", "authority", "urls", "law")
"""In the order in which they are answered."""
FOR_A_PERSON = ("form", "order")
PUBLISHES = "publishes"


@lru_cache(maxsize=1)
def _patterns() -> Mapping[str, tuple[re.Pattern[str], ...]]:
    data = yaml.safe_load((HOME / "wants.yaml").read_text(encoding="utf-8"))
    return {want: tuple(re.compile(line, re.IGNORECASE) for line in lines) for want, lines in data.items()}


@lru_cache(maxsize=16)
def _words(language: str) -> Mapping[str, str]:
    path = HOME / f"{language}.yaml"
    words: dict[str, str] = yaml.safe_load(path.read_text(encoding="utf-8"))
    return words


@lru_cache(maxsize=1)
def languages() -> frozenset[str]:
    """The languages answers are written in."""
    return frozenset(path.stem for path in HOME.glob("*.yaml")) - {"wants"}


def wants(text: str) -> tuple[str, ...]:
    """What the mail asks for, of ``ANSWERED``, ``FOR_A_PERSON`` and ``PUBLISHES``, outside what it quotes."""
    found = {
        want
        for sentence in sentences(unquoted(text))
        for want, patterns in _patterns().items()
        if any(pattern.search(sentence) for pattern in patterns)
    }
    return tuple(one for one in (*ANSWERED, *FOR_A_PERSON, PUBLISHES) if one in found)


def answerable(asked: Iterable[str]) -> bool:
    """Whether a machine may answer: something is asked, and all of it is answered in words."""
    known = set(asked)
    return bool(known) and known <= set(ANSWERED)


def preface(asked: Iterable[str], language: str, values: Mapping[str, str], attested: bool = False) -> str:
    """The paragraphs that go before the notice; in English where there are none in ``language``. ``values`` fills
    sent, reference, organisation; ``signed`` where her letter of authority stands and ``stated`` where a signed
    statement does, each with its day. ``attested``: two workers know who the person is (level 1)."""
    words = _words(language if language in languages() else "en")
    known = set(asked)
    parts = [words["start"]]
    for one in ANSWERED:
        if one in known:
            more = {"identity": ["attested"] * attested + ["stated"] * ("stated" in values),
                    "authority": ["signed"] * ("signed" in values)}.get(one, [])  # fmt: skip
            parts.append(" ".join(words[each] for each in (one, *more)))
    parts.append(words["end"])
    return "\n\n".join(part.format_map(values) for part in parts)
