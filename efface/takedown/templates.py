"""The words of the notices, checked when read: ``notices/<language>.yaml`` holds what all share in one language,
``notices/<type>/<language>.yaml`` what is particular to one law."""

from __future__ import annotations

import itertools
import string
import textwrap
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any

import yaml

HOME = Path(__file__).parent / "notices"
WIDTH = 76
CONDITIONS = frozenset({"synthetic", "returned", "offences", "cdn", "captures", "police", "earlier", "accounts"})
PLACES = frozenset({
    "title", "kind", "kind_start", "nature", "addresses", "reference", "organisation", "signatory", "email",
    "recipient", "domain", "residence", "locations", "urls", "seen", "prepared", "offences", "earlier_removal",
    "earlier_notices", "work", "controller", "asked_to", "asked_on", "asked_proof", "asked_answer", "captures",
    "looks", "chronology", "accounts", "safety", "police_file", "police_day", "link", "keep_days", "span_from",
    "hash_lists", "checkout", "processor", "descriptor", "violation", "complained", "age_context", "terms",
})  # fmt: skip
"""All that a template may ask for. There is no place for the depicted person's name."""
LABELS = frozenset({"name", "email", "subject", "urls", "message"})
"""The prepared answers of a notice that has no form of its own."""


class TemplateError(ValueError):
    """A template file is out of shape; the message names it."""


@dataclass(frozen=True, slots=True)
class Block:
    """A paragraph under an optional heading; ``element`` is the required element it fills, ``when`` the condition under
    which it stands."""

    text: str
    element: str = ""
    when: str = ""
    heading: str = ""


@dataclass(frozen=True, slots=True)
class Answered:
    """A prepared answer of a form. ``value`` None: what the blocks of ``element`` say."""

    field: str
    label: str
    value: str | None = None
    element: str = ""


@dataclass(frozen=True, slots=True)
class Shared:
    """What all notices of a language share. ``kind`` stands inside a sentence, ``kind_start`` opens one. ``roles``
    name what stands at an address, ``parties`` who was written to, ``states`` what a check saw; ``reminder`` opens a
    second notice."""

    language: str
    kind: str
    kind_start: str
    addresses: str
    nothing: str
    natures: dict[str, str]
    roles: dict[str, str]
    parties: dict[str, str]
    states: dict[str, str]
    labels: dict[str, str]
    reminder: dict[str, str]
    blocks: dict[str, Block]


@dataclass(frozen=True, slots=True)
class Template:
    notice_type: str
    language: str
    number: int
    subject: str
    blocks: tuple[Block, ...]
    fields: tuple[Answered, ...] = ()
    title: str = field(default="")

    @property
    def version(self) -> str:
        return f"{self.notice_type}/{self.language}/{self.number}"

    def text(self, values: dict[str, str], conditions: frozenset[str]) -> str:
        """The whole text, blocks parted by an empty line, ending in a newline."""
        values = values | {"title": self.title.format_map(values)}
        parts: list[str] = []
        for block in self.blocks:
            if not block.when or block.when in conditions:
                parts += [block.heading, block.text] if block.heading else [block.text]
        return "\n\n".join(fill(part.strip("\n").format_map(values)) for part in parts) + "\n"

    def answers(self, values: dict[str, str], conditions: frozenset[str]) -> Iterator[tuple[str, str, str]]:
        """Field, label and value of each prepared answer; none for a notice that is mailed."""
        for one in self.fields:
            value = one.value if one.value is not None else "\n\n".join(self._said(one.element, conditions))
            yield one.field, one.label, textwrap.dedent(value.format_map(values))

    def _said(self, element: str, conditions: frozenset[str]) -> Iterator[str]:
        """An element's words, a paragraph on one line, as a form wants them."""
        for block in self.blocks:
            if block.element == element and (not block.when or block.when in conditions):
                for paragraph in block.text.strip("\n").split("\n\n"):
                    yield "\n".join(" ".join(g) if prose else "\n".join(g) for prose, g in _grouped(paragraph))

    def places(self) -> set[str]:
        """Every place-holder used."""
        texts = [self.subject, self.title, *(block.text for block in self.blocks), *(b.heading for b in self.blocks)]
        texts += [one.value for one in self.fields if one.value]
        return {name for text in texts for _, name, _, _ in string.Formatter().parse(text) if name is not None}


def _grouped(text: str) -> Iterator[tuple[bool, Iterator[str]]]:
    return itertools.groupby(text.split("\n"), lambda line: bool(line) and not line.startswith("  "))


def fill(text: str) -> str:
    """Prose filled to lines of ``WIDTH``; a line that starts with two spaces, or is empty, stays as it is."""
    lines: list[str] = []
    for prose, group in _grouped(text):
        if prose:
            lines += textwrap.wrap(" ".join(group), WIDTH, break_long_words=False, break_on_hyphens=False)
        else:
            lines += group
    return "\n".join(lines)


@lru_cache(maxsize=512)
def template(notice_type: str, language: str) -> Template:
    """Raises ``TemplateError`` where there is none or it is out of shape."""
    return read(HOME / notice_type / f"{language}.yaml")


@lru_cache(maxsize=64)
def languages(notice_type: str) -> frozenset[str]:
    """The languages a notice type is written in."""
    return frozenset(path.stem for path in (HOME / notice_type).glob("*.yaml"))


@lru_cache(maxsize=1)
def spoken() -> frozenset[str]:
    """The languages that have shared words, so that notices can be written in them."""
    return frozenset(path.stem for path in HOME.glob("*.yaml"))


@lru_cache(maxsize=1)
def written() -> frozenset[str]:
    """The notice types that are written in some language; others are filed by a person."""
    return frozenset(path.parent.name for path in HOME.glob("*/*.yaml"))


def read(path: Path) -> Template:
    """One notice in one language, with the shared words of that language (the folder above holds them)."""
    where = f"{path.parent.name}/{path.name}"
    home = path.parent.parent if (path.parent.parent / path.name).exists() else HOME
    try:
        data = yaml.safe_load(path.read_text(encoding="utf-8"))
        found = _template(data, path.parent.name, path.stem, read_shared(home / path.name))
    except TemplateError:
        raise
    except (OSError, yaml.YAMLError, KeyError, TypeError, AttributeError, ValueError) as error:
        raise TemplateError(f"{where}: {error}") from error
    for name in sorted(found.places() - PLACES):
        raise TemplateError(f"{where}: nothing fills {{{name}}}")
    filled = {block.element for block in found.blocks if block.element}
    for block in found.blocks:
        if block.when and block.when not in CONDITIONS:
            raise TemplateError(f"{where}: unknown condition {block.when!r}")
        if block.when and block.element:
            raise TemplateError(f"{where}: the required element {block.element!r} may not depend on a condition")
    for one in found.fields:
        if one.value is None and one.element not in filled:
            raise TemplateError(f"{where}: the answer {one.field!r} has neither a value nor an element that is written")
    return found


@lru_cache(maxsize=64)
def read_shared(path: Path) -> Shared:
    """The shared words of one language. Raises ``TemplateError``."""
    try:
        data = yaml.safe_load(path.read_text(encoding="utf-8"))
        blocks = {
            name: Block(**one) if isinstance(one, dict) else Block(str(one)) for name, one in data.pop("blocks").items()
        }
        found = Shared(language=path.stem, blocks=blocks, **data)
        missing = LABELS - set(found.labels)
        if missing:
            raise ValueError(f"labels.{min(missing)} is missing")
    except (OSError, yaml.YAMLError, KeyError, TypeError, AttributeError, ValueError) as error:
        raise TemplateError(f"{path.name}: {error}") from error
    return found


def shared(language: str) -> Shared:
    return read_shared(HOME / f"{language}.yaml")


def _template(data: dict[str, Any], notice_type: str, language: str, words: Shared) -> Template:
    unknown = set(data) - {"version", "subject", "title", "blocks", "answers"}
    if unknown:
        raise ValueError(f"unknown key {sorted(unknown)[0]!r}")
    return Template(
        notice_type=notice_type,
        language=language,
        number=int(data["version"]),
        subject=str(data["subject"]),
        title=str(data.get("title", "")),
        blocks=tuple(_block(one, words) for one in data["blocks"]),
        fields=tuple(_answer(one, words) for one in data.get("answers", ())),
    )


def _block(data: dict[str, str], words: Shared) -> Block:
    """A block of its own, or a shared one under this notice's heading and element."""
    data = dict(data)
    name = data.pop("use", "")
    if not name:
        return Block(**data)
    if "text" in data:
        raise ValueError(f"a block has a text of its own and uses {name!r}")
    if name not in words.blocks:
        raise ValueError(f"no shared block {name!r} in {words.language}.yaml")
    there = words.blocks[name]
    return Block(text=there.text, when=there.when or data.pop("when", ""), **data)


def _answer(data: dict[str, str], words: Shared) -> Answered:
    data = dict(data)
    name = data["field"]
    label = data.pop("label", "") or words.labels.get(name, "")
    if not label:
        raise ValueError(f"the answer {name!r} has no label, and labels of {words.language}.yaml has none for it")
    return Answered(label=label, **data)
