"""What does not hold together in otherwise well-shaped law data, and what has grown old."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from efface.law.base import Period
from efface.law.model import Law
from efface.law.notices import OURS, ClockRule, Condition, NoticeType

STATEMENTS = frozenset({"good_faith", "accuracy", "completeness", "truth", "sworn", "penalty_of_perjury"})
STALE = timedelta(days=400)
STATUTES = ("U.S.C.", "Regulation", "Directive", "Act ", "GDPR", "Lei ", "Rules ", "D.Lgs.")
"""A type whose law holds one of these is a notice under a statute, and its required elements name the provision."""
NAMING = ("search_name", "authority_name", "tribunal_name")
"""The exposure lines that say that a recipient learns her name."""
WORDED = {
    "age": "depicted_age_at_capture", "site_type": "site_type", "copyright_owner": "copyright_owner",
    "content_nature": "content_nature",
}  # fmt: skip
ANSWERS = {
    "published": ("yes", "no"), "asked": ("yes", "no"), "paid_for": ("yes", "no"), "has_file": ("yes", "no"),
    "police_wanted": ("yes", "no"), "status": ("trusted_flagger",),
}  # fmt: skip


def problems(law: Law) -> list[str]:
    """Plain sentences, sorted; empty when nothing is wrong."""
    found = {
        *_sources(law), *_notices(law), *_clocks(law), *_places(law), *_channels(law), *_order(law), *_words(law),
        *_translations(law), *_place_names(law), *_calendars(law), *law.unread,
    }  # fmt: skip
    return sorted(found)


def warnings(law: Law, today: date) -> list[str]:
    """What a person should read again by ``today``. Nothing is wrong with it yet, so it is no problem."""
    found = []
    folders: dict[str, dict[str, Any]] = {
        "notices": dict(law.notices), "jurisdictions": dict(law.jurisdictions), "channels": dict(law.channels),
        "holidays": dict(law.calendars),
    }  # fmt: skip
    for folder, entries in folders.items():
        for id, entry in sorted(entries.items()):
            if today - entry.as_of > timedelta(days=entry.review_days):
                found.append(f"{folder}/{id}.yaml: last read on {entry.as_of}, due every {entry.review_days} days")
    for key, source in sorted(law.sources.items()):
        if today - source.checked > STALE:
            found.append(f"sources: {key} was last checked on {source.checked}")
    return found


def walk(value: object, where: str) -> Iterator[tuple[str, Any]]:
    """Every record inside ``value``, itself first, with its place."""
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        yield where, value
        for one in dataclasses.fields(value):
            yield from walk(getattr(value, one.name), f"{where}.{one.name}")
    elif isinstance(value, tuple):
        for number, item in enumerate(value):
            yield from walk(item, f"{where}[{number}]")
    elif isinstance(value, dict):
        for key, item in value.items():
            yield from walk(item, f"{where}.{key}")


def records(law: Law) -> Iterator[tuple[str, Any]]:
    """Every record with its place, "notices.us_tida.clock" and the like."""
    for where, record in walk(law, "law"):
        if record is not law:
            yield where.removeprefix("law."), record


def _sources(law: Law) -> Iterator[str]:
    used: set[str] = set()
    for where, record in records(law):
        keys = getattr(record, "sources", None)
        if keys is None:
            continue
        if not keys:
            yield f"{where}: no source"
        used.update(keys)
        for key in keys:
            if key not in law.sources:
                yield f"{where}: source {key!r} is not in sources"
        unread = all(law.sources[key].kind == "known" for key in keys if key in law.sources)
        cited: Any = getattr(record, "citation", "")
        sure: Any = getattr(record, "confidence", "")
        if unread and cited and sure == "high":
            yield f"{where}: a citation nobody has read cannot have high confidence"
    for key in sorted(set(law.sources) - used):
        yield f"sources: {key!r} is used nowhere"


def _notices(law: Law) -> Iterator[str]:
    roles = {*law.words["infrastructure_role"], *law.words["recipient_role"]}
    for id, notice in law.notices.items():
        here = f"notices/{id}"
        for wrong in sorted(set(notice.statements) - STATEMENTS):
            yield f"{here}: unknown statement {wrong!r}"
        for wrong in sorted(set(notice.addressed_to) - roles):
            yield f"{here}: unknown role {wrong!r}"
        for wrong in sorted(set(notice.who_may_send) - set(law.words["sender"])):
            yield f"{here}: unknown sender {wrong!r}"
        for wrong in sorted(set(notice.escalation) - set(law.notices)):
            yield f"{here}: goes on to {wrong!r}, which is no notice type"
        if not any(element.required for element in notice.elements):
            yield f"{here}: nothing is required"
        if len({element.id for element in notice.elements}) != len(notice.elements):
            yield f"{here}: an element twice"
        if notice.exposure != "none" and not notice.learns:
            yield f"{here}: says it exposes, not to whom"
        if notice.in_force is not None and notice.in_force > notice.as_of:
            yield f"{here}: read on {notice.as_of}, before it came into force"
        if not notice.via:
            yield f"{here}: no way to send it"
        if not notice.languages:
            yield f"{here}: no language the recipient takes it in"
        if notice.names_subject and not any(one.line in NAMING for one in notice.learns):
            yield f"{here}: asks for her name, and the exposure does not say who learns it"
        yield from _citations(notice, here)
        for condition in notice.preconditions:
            yield from _condition(condition, law, here)


def _citations(notice: NoticeType, here: str) -> Iterator[str]:
    statutory = notice.status != "practice" and any(word in notice.law for word in STATUTES)
    for element in notice.elements:
        if statutory and element.required and element.confidence == "high" and not element.citation:
            yield f"{here}: the element {element.id!r} names no provision"


def _condition(condition: Condition, law: Law, here: str) -> Iterator[str]:
    places = {*law.jurisdictions, *law.groups["eu"], "EU"}
    for wrong in sorted(set(condition.only_in) - places):
        yield f"{here}: {wrong!r} is no place the law data know"
    if not condition.fact:
        return
    if not condition.any_of:
        yield f"{here}: {condition.text!r} can never hold"
    if condition.fact in ("link", "survivor_in", "recipient_in"):
        known: set[str] = places
    elif condition.fact in WORDED:
        known = set(law.words[WORDED[condition.fact]])
    else:
        known = set(ANSWERS[condition.fact])
    for wrong in sorted(set(condition.any_of) - known):
        yield f"{here}: {wrong!r} is no answer to {condition.fact!r}"


def _clocks(law: Law) -> Iterator[str]:
    for id in law.no_clock:
        if id not in law.notices:
            yield f"frame.yaml: no_clock names {id!r}, which is no notice type"
            continue
        notice = law.notices[id]
        if any(one.period for one in (notice.clock, *notice.local_clocks.values())):
            yield f"notices/{id}: a clock, though no law sets one"
    for id, notice in law.notices.items():
        for place in sorted(set(notice.local_clocks) - set(law.jurisdictions)):
            yield f"notices/{id}: a clock for {place!r}, which is no jurisdiction"
        for name, clock in (("clock", notice.clock), *notice.local_clocks.items()):
            yield from _clock(clock, f"notices/{id}.{name}")
    for id, place_there in law.jurisdictions.items():
        for route in place_there.takedown:
            here = f"jurisdictions/{id}: {route.route}"
            if route.notice_type and route.notice_type not in law.notices:
                yield f"{here}: {route.notice_type!r} is no notice type"
            if route.period is not None:
                yield from _period(route.period, here)
                if not route.citation:
                    yield f"{here}: a clock without the provision that sets it"


def _clock(clock: ClockRule, here: str) -> Iterator[str]:
    if clock.period is not None:
        yield from _period(clock.period, here)
        if not clock.citation:
            yield f"{here}: a clock without the provision that sets it"
        if clock.starts not in OURS:
            yield f"{here}: runs from {clock.starts!r}, which we never see; make it a stage"
    elif clock.extension is not None:
        yield f"{here}: an extension of no clock"
    if clock.zone:
        try:
            ZoneInfo(clock.zone)
        except (ZoneInfoNotFoundError, ValueError):
            yield f"{here}: no time zone {clock.zone!r}"
    for stage in clock.stages:
        yield from _period(stage.within, f"{here}.stages")
    if clock.extension is not None:
        yield from _period(clock.extension.by, f"{here}.extension")
    counter = clock.counter_notice
    if counter is not None:
        for period in (counter.not_before, counter.not_after):
            if period is not None:
                yield from _period(period, f"{here}.counter_notice")


def _period(period: Period, here: str) -> Iterator[str]:
    given = period.given()
    if len(given) != 1:
        yield f"{here}: exactly one of hours, days, months and business_days is wanted"
    if any(number <= 0 for _unit, number in given):
        yield f"{here}: the clock must be more than nothing"


def _calendars(law: Law) -> Iterator[str]:
    for id, calendar in law.calendars.items():
        for day in calendar.days:
            if not day.fits():
                yield f"holidays/{id}: {day.name!r} is no day, or two"
        if len(set(calendar.rest_days)) > 6:
            yield f"holidays/{id}: nobody ever works there"
    for code, zones in law.zones.items():
        if not zones or len(set(zones)) != len(zones):
            yield f"zones.yaml: {code} has no zone, or one twice"
        for zone in zones:
            try:
                ZoneInfo(zone)
            except (ZoneInfoNotFoundError, ValueError):
                yield f"zones.yaml: {code}: no time zone {zone!r}"
    for code in sorted({*law.calendars, *law.countries(), *law.groups.get("eu", ())} - set(law.zones)):
        yield f"zones.yaml: no time zone for {code}"
    for id, notice in law.notices.items():
        for clock in (notice.clock, *notice.local_clocks.values()):
            if clock.calendar and clock.calendar not in law.calendars:
                yield f"notices/{id}: no calendar {clock.calendar!r}"


def _places(law: Law) -> Iterator[str]:
    for id, place in law.jurisdictions.items():
        here = f"jurisdictions/{id}"
        for what, there in (
            ("no helpline", place.helplines), ("no hotline for minors", place.minors), ("no police", place.police),
            ("no emergency number", place.emergency), ("no way to have it removed", place.takedown),
            ("nobody said whom a report may hurt", place.reporting_risk), ("no age of majority", place.majority),
            ("nothing on duties to report", place.mandatory_reporting), ("nothing on extortion", place.extortion),
            ("nothing on voyeurism", place.voyeurism), ("no remedy of civil law", place.civil),
            ("no plain words in English", place.plain.get("en", "").strip()),
        ):  # fmt: skip
            if not there:
                yield f"{here}: {what}"
        if place.synthetic.covered is None:
            yield f"{here}: synthetic material: covered or not?"
        for provision in (place.offence_sharing, place.offence_threat, place.synthetic):
            if provision.cite and provision.confidence == "low":
                yield f"{here}: {provision.cite!r} is too uncertain to be quoted"
        if place.kind == "part" and not place.part_of:
            yield f"{here}: a part of nothing"
        if place.kind == "country" and (len(id) != 2 or not id.isupper()):
            yield f"{here}: {id!r} is not a country code"


def _channels(law: Law) -> Iterator[str]:
    roles = {*law.words["infrastructure_role"], *law.words["recipient_role"]}
    for id, channel in law.channels.items():
        for wrong in sorted(set(channel.notice_types) - set(law.notices)):
            yield f"channels/{id}: takes {wrong!r}, which is no notice type"
        if channel.role not in roles:
            yield f"channels/{id}: unknown role {channel.role!r}"
        for wrong in sorted(set(channel.places) - set(law.jurisdictions)):
            yield f"channels/{id}: {wrong!r} is no jurisdiction"
        if channel.url and not channel.url.startswith("https://"):
            yield f"channels/{id}: the address is not https"
        if bool(channel.url) == (channel.url_status == "none"):
            yield f"channels/{id}: says {channel.url_status!r} of its address"
        if not channel.via:
            yield f"channels/{id}: no way in"


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
    for group, word in (("covered_platform_types", "site_type"), ("copyright_never", "acquisition_path")):
        for wrong in sorted(set(law.groups.get(group, ())) - set(law.words[word])):
            yield f"frame.yaml: {wrong!r} in {group} is no {word}"


def _words(law: Law) -> Iterator[str]:
    for name, words in law.words.items():
        if not words:
            yield f"words.yaml: {name} is empty"
        for key, text in words.items():
            if not text.strip():
                yield f"words.yaml: {name}.{key} has no words"
    used = {one.line for notice in law.notices.values() for one in notice.learns}
    for line in sorted(set(law.words.get("exposure_line", {})) - used):
        yield f"words.yaml: exposure_line.{line} is used nowhere"


def _place_names(law: Law) -> Iterator[str]:
    for language, names in law.place_names.items():
        said = list(names.values())
        for id in sorted(set(law.jurisdictions) - set(names)):
            yield f"place_names.yaml: {language}.{id} is missing"
        for id in sorted(set(names) - set(law.jurisdictions)):
            yield f"place_names.yaml: {language}.{id} is a name of nothing"
        for name in sorted(name for name in set(said) if not name.strip() or said.count(name) > 1):
            yield f"place_names.yaml: {language}: {name!r} does not name one place"


def _translations(law: Law) -> Iterator[str]:
    wanted = {
        "notice_types": set(law.notices), "exposure": set(law.words["exposure"]), "who": set(law.words["who"]),
        "exposure_line": set(law.words["exposure_line"]),
    }  # fmt: skip
    for language, there in law.translations.items():
        for kind, keys in wanted.items():
            said = getattr(there, kind)
            for key in sorted(keys - set(said)):
                yield f"languages/{language}.yaml: {kind}.{key} is missing"
            for key in sorted(set(said) - keys):
                yield f"languages/{language}.yaml: {kind}.{key} is a translation of nothing"
            for key in sorted(key for key, text in said.items() if not text.strip()):
                yield f"languages/{language}.yaml: {kind}.{key} has no words"
