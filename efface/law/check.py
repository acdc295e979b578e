"""What does not hold together in otherwise well-shaped law data."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

from efface.law.model import Law

STATEMENTS = frozenset({"good_faith", "accuracy", "completeness", "penalty_of_perjury"})
STALE = timedelta(days=400)


def problems(law: Law) -> list[str]:
    """Plain sentences, sorted; empty when nothing is wrong."""
    return sorted({*_sources(law), *_notices(law), *_places(law), *_order(law), *_words(law)})


def _walk(value: object, where: str) -> Iterator[tuple[str, Any]]:
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        yield where, value
        for one in dataclasses.fields(value):
            yield from _walk(getattr(value, one.name), f"{where}.{one.name}")
    elif isinstance(value, tuple):
        for number, item in enumerate(value):
            yield from _walk(item, f"{where}[{number}]")
    elif isinstance(value, dict):
        for key, item in value.items():
            yield from _walk(item, f"{where}.{key}")


def _sources(law: Law) -> Iterator[str]:
    used: set[str] = set()
    for where, record in _walk(law, "law"):
        if record is law:
            continue
        keys = getattr(record, "sources", None)
        if keys is None:
            continue
        if not keys:
            yield f"{where}: no source"
        used.update(keys)
        for key in keys:
            if key not in law.sources:
                yield f"{where}: source {key!r} is not in sources.yaml"
        unread = all(law.sources[key].kind == "known" for key in keys if key in law.sources)
        cited: Any = getattr(record, "citation", "")
        sure: Any = getattr(record, "confidence", "")
        if unread and cited and sure == "high":
            yield f"{where}: a citation nobody has read cannot have high confidence"
    for key in sorted(set(law.sources) - used):
        yield f"sources.yaml: {key!r} is used nowhere"
    for key, source in law.sources.items():
        if law.as_of - source.checked > STALE:
            yield f"sources.yaml: {key!r} was last checked on {source.checked}"


def _notices(law: Law) -> Iterator[str]:
    for id, notice in law.notices.items():
        for wrong in sorted(set(notice.statements) - STATEMENTS):
            yield f"notices/{id}: unknown statement {wrong!r}"
        for wrong in sorted(set(notice.addressed_to) - set(law.words["infrastructure_role"])):
            yield f"notices/{id}: unknown role {wrong!r}"
        if not any(element.required for element in notice.elements):
            yield f"notices/{id}: nothing is required"
        if len({element.id for element in notice.elements}) != len(notice.elements):
            yield f"notices/{id}: an element twice"
        if notice.clock.hours is not None and not notice.clock.citation:
            yield f"notices/{id}: a clock without the provision that sets it"
        if notice.clock.hours is not None and notice.clock.hours <= 0:
            yield f"notices/{id}: the clock must be more than nothing"
        if notice.exposure != "none" and not notice.learns:
            yield f"notices/{id}: says it exposes, not to whom"


def _places(law: Law) -> Iterator[str]:
    for id, place in law.jurisdictions.items():
        if not place.helplines:
            yield f"jurisdictions/{id}: no helpline"
        if not place.minors:
            yield f"jurisdictions/{id}: no hotline for minors"
        if not place.reporting_risk:
            yield f"jurisdictions/{id}: nobody said whom a report may hurt"
        if place.synthetic.covered is None:
            yield f"jurisdictions/{id}: synthetic material: covered or not?"
        for provision in (place.offence_sharing, place.offence_threat, place.synthetic):
            if provision.cite and provision.confidence == "low":
                yield f"jurisdictions/{id}: {provision.cite!r} is too uncertain to be quoted"


def _order(law: Law) -> Iterator[str]:
    ids = [rule.id for rule in law.rules]
    if len(set(ids)) != len(ids):
        yield "frame.yaml: a rule twice"
    for rule in law.rules:
        if (rule.kind == "safety") != rule.id.startswith("S"):
            yield f"frame.yaml: {rule.id} is called {rule.kind}"
    if [step.step for step in law.ladder] != list(range(1, len(law.ladder) + 1)):
        yield "frame.yaml: the ladder's steps are not 1, 2, 3 ..."
    for code in law.groups.get("eu", ()):
        if len(code) != 2 or not code.isupper():
            yield f"frame.yaml: {code!r} is not a country code"


def _words(law: Law) -> Iterator[str]:
    for name, words in law.words.items():
        if not words:
            yield f"words.yaml: {name} is empty"
