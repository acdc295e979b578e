"""YAML files to typed law. A key that no dataclass knows is an error; so is a missing one or a wrong type."""

from __future__ import annotations

import dataclasses
import types
import typing
from collections.abc import Iterator
from datetime import date
from functools import lru_cache
from pathlib import Path
from typing import Any, Literal

import yaml

from efface.law.model import Jurisdiction, LadderStep, Law, LawError, NoticeType, Rule, Source

HOME = Path(__file__).parent / "data"


def build(kind: Any, data: Any, where: str) -> Any:
    """``data`` as parsed from YAML to a value of ``kind``. Raises ``LawError`` naming ``where``."""
    if dataclasses.is_dataclass(kind) and isinstance(kind, type):
        return _record(kind, data, where)
    origin, arguments = typing.get_origin(kind), typing.get_args(kind)
    if origin in (typing.Union, types.UnionType):
        if data is None:
            return None
        return build(next(one for one in arguments if one is not type(None)), data, where)
    if origin is Literal:
        if data not in arguments:
            raise LawError(f"{where}: {data!r} is not one of {', '.join(map(str, arguments))}")
        return data
    if origin is tuple:
        if not isinstance(data, list):
            raise LawError(f"{where}: a list is wanted")
        return tuple(build(arguments[0], item, f"{where}[{number}]") for number, item in enumerate(data))
    if origin is dict:
        if not isinstance(data, dict):
            raise LawError(f"{where}: a mapping is wanted")
        return {_word(key, where): build(arguments[1], item, f"{where}.{key}") for key, item in data.items()}
    if not isinstance(data, kind) or (kind is int and isinstance(data, bool)):
        raise LawError(f"{where}: {kind.__name__} is wanted, found {data!r}")
    return data


def _word(key: Any, where: str) -> str:
    """YAML 1.1 reads a bare NO as false and 1 as a number: refuse keys that are not strings."""
    if not isinstance(key, str):
        raise LawError(f"{where}: quote the key {key!r}")
    return key


def _record(kind: type, data: Any, where: str) -> Any:
    if not isinstance(data, dict):
        raise LawError(f"{where}: a mapping is wanted")
    hints = typing.get_type_hints(kind)
    unknown = sorted(str(key) for key in data if key not in hints)
    if unknown:
        raise LawError(f"{where}: unknown key {unknown[0]!r}")
    fields = {one.name: one for one in dataclasses.fields(kind)}
    missing = [
        name
        for name, one in fields.items()
        if name not in data and one.default is dataclasses.MISSING and one.default_factory is dataclasses.MISSING
    ]
    if missing:
        raise LawError(f"{where}: {missing[0]!r} is missing")
    return kind(**{key: build(hints[key], item, f"{where}.{key}") for key, item in data.items()})


def _read(path: Path) -> Any:
    try:
        return yaml.safe_load(path.read_text(encoding="utf-8"))
    except (OSError, yaml.YAMLError) as error:
        raise LawError(f"{path.name}: {error}") from error


def _folder(home: Path, name: str, kind: type) -> Iterator[tuple[str, Any]]:
    for path in sorted((home / name).glob("*.yaml")):
        record = build(kind, _read(path), f"{name}/{path.name}")
        if record.id != path.stem:
            raise LawError(f"{name}/{path.name}: id is {record.id!r}")
        yield record.id, record


def read(home: Path) -> Law:
    """All files under ``home``. Raises ``LawError``."""
    frame = _read(home / "frame.yaml")
    if not isinstance(frame, dict) or set(frame) != {"as_of", "chasers_hours", "groups", "rules", "ladder"}:
        raise LawError("frame.yaml: exactly as_of, chasers_hours, groups, rules and ladder are wanted")
    return Law(
        as_of=build(date, frame["as_of"], "frame.yaml.as_of"),
        sources=build(dict[str, Source], _read(home / "sources.yaml"), "sources.yaml"),
        words=build(dict[str, dict[str, str]], _read(home / "words.yaml"), "words.yaml"),
        groups=build(dict[str, tuple[str, ...]], frame["groups"], "frame.yaml.groups"),
        notices=dict(_folder(home, "notices", NoticeType)),
        jurisdictions=dict(_folder(home, "jurisdictions", Jurisdiction)),
        rules=build(tuple[Rule, ...], frame["rules"], "frame.yaml.rules"),
        ladder=build(tuple[LadderStep, ...], frame["ladder"], "frame.yaml.ladder"),
        chasers_hours=build(tuple[int, ...], frame["chasers_hours"], "frame.yaml.chasers_hours"),
    )


@lru_cache(maxsize=1)
def load() -> Law:
    """The law that ships with Efface, read once. Raises ``LawError``."""
    return read(HOME)
