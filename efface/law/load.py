"""YAML files to typed law. A key that no dataclass knows is an error; so is a missing one or a wrong type."""

from __future__ import annotations

import dataclasses
import types
import typing
from collections.abc import Iterator
from datetime import date
from functools import cache, lru_cache
from pathlib import Path
from typing import Any, Literal

from efface.law.base import LawError, Source
from efface.law.calendars import Calendar
from efface.law.channels import Channel
from efface.law.model import LadderStep, Law, Rule, Translation
from efface.law.notices import NoticeType
from efface.law.places import Jurisdiction
from efface.law.reading import read_yaml

HOME = Path(__file__).parent / "data"
FRAME = {"as_of", "groups", "no_clock", "rules", "ladder"}
RETIRED = {
    "chasers_hours": "reminders follow silent_hours of each step of the ladder; take this line out",
}  # fmt: skip
"""Keys that older files hold: they still load, and a check says what to do."""
TAKEN_FROM_THE_WHOLE = (
    "emergency", "extortion", "voyeurism", "civil", "police", "helplines", "minors", "regulators", "reporting_risk",
    "mandatory_reporting", "majority", "limitation",
)  # fmt: skip


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
        if not isinstance(data, str) or data not in arguments:
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


@cache
def _hints(kind: type) -> dict[str, Any]:
    return typing.get_type_hints(kind)


def _record(kind: type, data: Any, where: str) -> Any:
    if not isinstance(data, dict):
        raise LawError(f"{where}: a mapping is wanted")
    hints = _hints(kind)
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


def _folder(home: Path, name: str, kind: Any) -> Iterator[tuple[str, Any]]:
    """One record a file, by the file's name."""
    for path in sorted((home / name).glob("*.yaml")):
        record = build(kind, read_yaml(path, f"{name}/{path.name}"), f"{name}/{path.name}")
        if getattr(record, "id", path.stem) != path.stem:
            raise LawError(f"{name}/{path.name}: id is {record.id!r}")
        yield path.stem, record


def _sources(home: Path) -> dict[str, Source]:
    """All files of ``sources/`` together; a key in two of them is an error."""
    found: dict[str, Source] = {}
    for name, records in _folder(home, "sources", dict[str, Source]):
        for key in records:
            if key in found:
                raise LawError(f"sources/{name}.yaml: {key!r} stands in another file too")
        found.update(records)
    return found


def _worded(notices: dict[str, NoticeType], lines: dict[str, str]) -> dict[str, NoticeType]:
    """Each line of an exposure preview with its sentence."""
    worded = {}
    for id, notice in notices.items():
        for one in notice.learns:
            if one.line not in lines:
                raise LawError(f"notices/{id}.yaml: the exposure line {one.line!r} is not in words.yaml")
        learns = tuple(dataclasses.replace(one, what=lines[one.line]) for one in notice.learns)
        worded[id] = dataclasses.replace(notice, learns=learns)
    return worded


def _completed(places: dict[str, Jurisdiction]) -> dict[str, Jurisdiction]:
    """Each part with what it takes from its whole, and with the whole's routes after its own."""

    def complete(place: Jurisdiction, trail: tuple[str, ...]) -> Jurisdiction:
        if not place.part_of:
            return place
        if place.part_of in trail or place.part_of not in places:
            raise LawError(f"jurisdictions/{place.id}.yaml: part_of {place.part_of!r} leads nowhere")
        whole = complete(places[place.part_of], (*trail, place.id))
        own = {route.route for route in place.takedown}
        more = {name: getattr(whole, name) for name in TAKEN_FROM_THE_WHOLE if not getattr(place, name)}
        routes = place.takedown + tuple(route for route in whole.takedown if route.route not in own)
        return dataclasses.replace(place, takedown=routes, **more)

    return {id: complete(place, (id,)) for id, place in places.items()}


def read(home: Path) -> Law:
    """All files under ``home``. Raises ``LawError``."""
    frame = read_yaml(home / "frame.yaml", "frame.yaml")
    if not isinstance(frame, dict) or set(frame) - set(RETIRED) != FRAME:
        raise LawError(f"frame.yaml: exactly {', '.join(sorted(FRAME))} are wanted")
    words = build(dict[str, dict[str, str]], read_yaml(home / "words.yaml", "words.yaml"), "words.yaml")
    return Law(
        as_of=build(date, frame["as_of"], "frame.yaml.as_of"),
        sources=_sources(home),
        words=words,
        groups=build(dict[str, tuple[str, ...]], frame["groups"], "frame.yaml.groups"),
        notices=_worded(dict(_folder(home, "notices", NoticeType)), words.get("exposure_line", {})),
        jurisdictions=_completed(dict(_folder(home, "jurisdictions", Jurisdiction))),
        rules=build(tuple[Rule, ...], frame["rules"], "frame.yaml.rules"),
        ladder=build(tuple[LadderStep, ...], frame["ladder"], "frame.yaml.ladder"),
        channels=dict(_folder(home, "channels", Channel)),
        translations=dict(_folder(home, "languages", Translation)),
        calendars=dict(_folder(home, "holidays", Calendar)),
        zones=build(dict[str, tuple[str, ...]], read_yaml(home / "zones.yaml", "zones.yaml"), "zones.yaml"),
        place_names=build(
            dict[str, dict[str, str]], read_yaml(home / "place_names.yaml", "place_names.yaml"), "place_names.yaml"
        ),
        unread=tuple(f"frame.yaml: nothing reads {key} any more: {RETIRED[key]}" for key in RETIRED if key in frame),
        no_clock=build(tuple[str, ...], frame["no_clock"], "frame.yaml.no_clock"),
    )


@lru_cache(maxsize=1)
def load() -> Law:
    """The law that ships with Efface, read once. Raises ``LawError``."""
    return read(HOME)
