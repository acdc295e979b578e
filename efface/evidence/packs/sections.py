"""What rooms above this one add to a pack (letters, looks): they register a function, and are asked finding by finding.

A section is a name, columns, and a function from a finding to rows; ``part`` is the part of a pack it belongs to, and
``address`` names columns that hold addresses, which are left out where addresses are."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from efface.search.models import Finding

Tell = Callable[[Finding], Iterable[dict[str, Any]]]


@dataclass(frozen=True, slots=True)
class Section:
    name: str
    part: str
    title: str
    columns: tuple[str, ...]
    tell: Tell
    address: tuple[str, ...] = ()


_sections: dict[str, Section] = {}


def register(section: Section) -> None:
    _sections[section.name] = section


def chosen(parts: Iterable[str]) -> list[Section]:
    wanted = set(parts)
    return [one for one in _sections.values() if one.part in wanted]
