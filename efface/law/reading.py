"""One YAML file to plain values, strictly: a key twice is an error, and so is an alias."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml

from efface.law.base import LawError

LARGEST_BYTES = 1_000_000
_Parser: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
"""The compiled parser where there is one: the law is some 130 files, read when a process first needs it."""


class _Strict(_Parser):
    """YAML keeps the last of two equal keys without a word; a duty would be gone unnoticed."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> Any:
        seen: set[str] = set()
        for key, _value in node.value:
            if key.value in seen:
                raise LawError(f"line {key.start_mark.line + 1}: the key {key.value!r} stands here twice")
            seen.add(str(key.value))
        return super().construct_mapping(node, deep)


def read_yaml(path: Path, name: str) -> Any:
    """The content of ``path``; ``name`` is what errors call it. Raises ``LawError``."""
    try:
        if path.stat().st_size > LARGEST_BYTES:
            raise LawError("larger than a law file can be")
        text = path.read_text(encoding="utf-8")
        # An alias could unfold to gigabytes, and hides from a reader what stands in a place.
        if "*" in text and any(isinstance(event, yaml.AliasEvent) for event in yaml.parse(text, _Parser)):
            raise LawError("an alias (*name): write the words out")
        parser = _Strict(text)
        try:
            return parser.get_single_data()
        finally:
            parser.dispose()
    except LawError as error:
        raise LawError(f"{name}: {error}") from None
    except (OSError, ValueError, yaml.YAMLError, RecursionError) as error:
        raise LawError(f"{name}: {error}") from error
