"""What every source says of itself, and what it answers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, Protocol

from efface.cases.models import Purpose

Sends = Literal["nothing", "names", "fingerprints", "pictures"]


class SourceRefused(Exception):
    """A source that is not to be used; the message says what would have to be there."""


@dataclass(frozen=True, slots=True)
class Contract:
    """``needs``: what has to be configured ("endpoint", "key", "terms", "tor_proxy"); ``sends``: what leaves the house
    about the depicted person, only with her consent for ``purpose`` ("" where nothing leaves); ``a_day``: most
    questions of an organisation in a day, 0 where none are asked; ``terms``: what to know before it is switched on."""

    name: str
    needs: tuple[str, ...]
    sends: Sends
    purpose: Purpose | Literal[""]
    a_day: int
    terms: str


@dataclass(frozen=True, slots=True)
class Setup:
    """What an organisation configured, opened."""

    endpoint: str = ""
    key: str = ""
    terms: str = ""
    tor_proxy: str = ""


@dataclass(frozen=True, slots=True)
class Question:
    """One request: what is fetched, and how the service knows the asker."""

    url: str
    header: str = ""
    secret: str = ""


class Source(Protocol):
    @property
    def contract(self) -> Contract: ...

    def questions(self, words: Sequence[str], domains: Sequence[str], setup: Setup) -> list[Question]:
        """What to ask for these names and handles: everywhere, and on these sites alone. Pure. Raises
        ``SourceRefused``."""
        ...


def missing(contract: Contract, setup: Setup) -> list[str]:
    """What is needed and not there. Pure."""
    return [need for need in contract.needs if not getattr(setup, need)]


@dataclass(frozen=True, slots=True)
class Asks:
    """A source that puts no questions of its own; where ``refusal`` is set, none may be put to it at all."""

    contract: Contract
    refusal: str = ""

    def questions(self, words: Sequence[str], domains: Sequence[str], setup: Setup) -> list[Question]:
        lacking = missing(self.contract, setup)
        if lacking:
            raise SourceRefused(f"{self.contract.name} needs {', '.join(lacking)}")
        if self.refusal:
            raise SourceRefused(self.refusal)
        return []
