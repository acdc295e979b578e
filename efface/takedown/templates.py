"""The words of the notices, read from ``notices/<type>/<language>.yaml`` and checked when read."""

from __future__ import annotations

import itertools
import string
import textwrap
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import yaml

HOME = Path(__file__).parent / "notices"
WIDTH = 76
CONDITIONS = frozenset({"synthetic", "returned", "offences", "cdn"})
PLACES = frozenset({
    "kind_en", "kind_en_low", "kind_de", "kind_es", "nature_en", "nature_de", "nature_es", "addresses_en",
    "addresses_de", "addresses_es", "reference", "organisation", "signatory", "email", "recipient", "domain",
    "residence", "locations", "urls", "seen", "prepared", "offences", "earlier_removal", "earlier_notices",
})  # fmt: skip
"""All that a template may ask for. There is no place for the depicted person's name."""


class TemplateError(ValueError):
    """A template file is out of shape; the message names it."""


@dataclass(frozen=True, slots=True)
class Block:
    """A paragraph; ``element`` is the required element it fills, ``when`` the condition under which it stands."""

    text: str
    element: str = ""
    when: str = ""


@dataclass(frozen=True, slots=True)
class Template:
    notice_type: str
    language: str
    number: int
    subject: str
    blocks: tuple[Block, ...]
    fields: tuple[tuple[str, str, str], ...] = ()

    @property
    def version(self) -> str:
        return f"{self.notice_type}/{self.language}/{self.number}"

    def text(self, values: dict[str, str], conditions: frozenset[str]) -> str:
        """The whole text, blocks parted by an empty line, ending in a newline."""
        parts = [block.text for block in self.blocks if not block.when or block.when in conditions]
        return "\n\n".join(fill(part.strip("\n").format_map(values)) for part in parts) + "\n"

    def answers(self, values: dict[str, str]) -> Iterator[tuple[str, str, str]]:
        """Field, label and value of each prepared answer; none for a notice that is mailed."""
        for name, label, value in self.fields:
            yield name, label, value.format_map(values)

    def places(self) -> set[str]:
        """Every place-holder used."""
        texts = [self.subject, *(block.text for block in self.blocks), *(value for _, _, value in self.fields)]
        return {name for text in texts for _, name, _, _ in string.Formatter().parse(text) if name is not None}


def fill(text: str) -> str:
    """Prose filled to lines of ``WIDTH``; a line that starts with two spaces, or is empty, stays as it is."""
    lines: list[str] = []
    for prose, group in itertools.groupby(text.split("\n"), lambda line: bool(line) and not line.startswith("  ")):
        if prose:
            lines += textwrap.wrap(" ".join(group), WIDTH, break_long_words=False, break_on_hyphens=False)
        else:
            lines += group
    return "\n".join(lines)


@lru_cache(maxsize=64)
def template(notice_type: str, language: str) -> Template:
    """Raises ``TemplateError`` where there is none or it is out of shape."""
    return read(HOME / notice_type / f"{language}.yaml")


@lru_cache(maxsize=64)
def languages(notice_type: str) -> frozenset[str]:
    """The languages a notice type is written in."""
    return frozenset(path.stem for path in (HOME / notice_type).glob("*.yaml"))


@lru_cache(maxsize=1)
def written() -> frozenset[str]:
    """The notice types that are written in some language; others are filed by a person."""
    return frozenset(path.parent.name for path in HOME.glob("*/*.yaml"))


def read(path: Path) -> Template:
    where = f"{path.parent.name}/{path.name}"
    try:
        data = yaml.safe_load(path.read_text(encoding="utf-8"))
        found = _template(data, path.parent.name, path.stem)
    except (OSError, yaml.YAMLError, KeyError, TypeError, AttributeError, ValueError) as error:
        raise TemplateError(f"{where}: {error}") from error
    for name in sorted(found.places() - PLACES):
        raise TemplateError(f"{where}: nothing fills {{{name}}}")
    for block in found.blocks:
        if block.when and block.when not in CONDITIONS:
            raise TemplateError(f"{where}: unknown condition {block.when!r}")
        if block.when and block.element:
            raise TemplateError(f"{where}: the required element {block.element!r} may not depend on a condition")
    return found


def _template(data: dict[str, Any], notice_type: str, language: str) -> Template:
    unknown = set(data) - {"version", "subject", "blocks", "answers"}
    if unknown:
        raise ValueError(f"unknown key {sorted(unknown)[0]!r}")
    return Template(
        notice_type=notice_type,
        language=language,
        number=int(data["version"]),
        subject=str(data["subject"]),
        blocks=tuple(Block(**block) for block in data["blocks"]),
        fields=tuple((one["field"], one["label"], one["value"]) for one in data.get("answers", ())),
    )
