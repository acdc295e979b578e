"""Which notice types may go in a case, what each still needs, and in what order. Pure: facts in, options out.

Safety rules (S*) come first and can leave nothing; routing rules (R*) then refuse or put in order. What a type itself
demands is data: the ``preconditions`` of its file. A fact nobody knows never counts as fulfilled."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Literal

from efface.law.base import Exposure
from efface.law.clocks import quickest
from efface.law.model import Law
from efface.law.notices import Condition, NoticeType

Answer = Literal["yes", "no", "unknown"]
Holds = Literal["yes", "no", "open"]

FOR_MINORS = ("csam_hotline_report", "police_report", "hash_bank_submission", "tos_report")
AGAINST_THREATS = ("hash_bank_submission", "tos_report", "police_report")
OPERATOR = frozenset({"site_operator", "app_store"})
AFTER_PUBLICATION = frozenset(
    {"origin_host", "upstream", "cdn", "registrar", "registry", "search", "payment", "ads", "isp"}
)
UNTOUCHED_BY_HOLD = frozenset({"hash_bank", "police", "hotline", "helpline"})
PARTY_ROLE = {"operator": "site_operator", "platform": "site_operator", "host": "origin_host"}
"""What a party of a dossier is called in the law's words, where that differs; ``LADDER_ROLE`` is the way back."""
LADDER_ROLE = {"site_operator": "operator", "origin_host": "host", "app_store": "operator"}
PUBLISHED: dict[str, Answer] = {
    "published_public": "yes", "published_behind_login": "yes", "reappeared": "yes", "threatened_only": "no",
    "removed": "no",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Facts:
    """What is known of a case and of the party asked; the words are the law's (``words.yaml``), places are codes such
    as "ES" or "US-CA", "" where not known. ``pressed_shutter``: did the depicted person press the shutter, timer
    included. ``asked``: the operator was asked and its time has passed. ``hold``: police asked to wait."""

    age: str = "unknown_treat_as_minor"
    danger: bool = False
    publication_state: str = "published_public"
    content_nature: str = "unknown"
    acquisition: str = ""
    abuse_type: str = ""
    motive: str = "unknown"
    pressed_shutter: Answer = "unknown"
    assignment: Answer = "unknown"
    survivor_country: str = ""
    recipient_country: str = ""
    host_country: str = ""
    site_type: str = ""
    hostility: str = "unknown"
    asked: Answer = "unknown"
    paid_for: Answer = "unknown"
    has_file: Answer = "unknown"
    police_wanted: Answer = "unknown"
    trusted_flagger: bool = False
    minor_clearance: bool = False
    hold: bool = False
    hold_spares_search: bool = False
    returns: int = 0


@dataclass(frozen=True, slots=True)
class Option:
    """A notice type that may go, to a party in one of ``roles``. ``missing``: facts that must be found out first;
    empty: it can be drafted. ``confirm``: what the person who approves it says yes to. ``after_hours``: not before so
    many hours after the finding was confirmed, None: not by time. ``clock``: the recipient's time in words, "" where
    the law sets none. ``held``: waits for the police."""

    notice_type: str
    roles: tuple[str, ...]
    missing: tuple[str, ...]
    confirm: tuple[str, ...]
    rules: tuple[str, ...]
    after_hours: int | None
    clock: str
    exposure: Exposure
    held: bool = False


@dataclass(frozen=True, slots=True)
class Refused:
    """A type that may not go, and why. ``rule`` is the rule behind it, "" where its own conditions say no. ``later``:
    it may go once somebody else was asked first."""

    notice_type: str
    why: str
    rule: str = ""
    later: bool = False


@dataclass(frozen=True, slots=True)
class Selection:
    """``stop`` is the safety rule that ends everything, "" where there is none. ``rules`` are all that spoke."""

    stop: str
    rules: tuple[str, ...]
    allowed: tuple[Option, ...]
    refused: tuple[Refused, ...] = ()

    def option(self, notice_type: str) -> Option | None:
        return next((one for one in self.allowed if one.notice_type == notice_type), None)


def copyright_owner(facts: Facts, law: Law) -> Literal["survivor", "other", "unknown"]:
    """The shutter test. How it was obtained can only take her copyright away, never prove it."""
    if facts.content_nature in ("altered", "fully_synthetic"):
        return "other"
    if facts.pressed_shutter == "yes" or facts.assignment == "yes":
        return "survivor"
    if facts.pressed_shutter == "no" or facts.acquisition in law.groups["copyright_never"]:
        return "other"
    return "unknown"


def applicable(law: Law, facts: Facts, role: str = "") -> Selection:
    """The notice types for a party in ``role``, the first to act on first. ``role`` is a word of
    ``infrastructure_role`` or ``recipient_role``, or the dossier's word for it; "": for all of them."""
    role = PARTY_ROLE.get(role, role)
    if facts.danger:
        return Selection("S0_danger", ("S0_danger",), ())
    spoke = tuple(_spoke(facts))
    allowed: list[tuple[tuple[float, ...], Option]] = []
    refused: list[Refused] = []
    for notice in law.notices.values():
        roles = tuple(one for one in notice.addressed_to if role in ("", one))
        if not roles:
            continue
        found = _judge(law, facts, notice, roles)
        if isinstance(found, Refused):
            refused.append(found)
        else:
            allowed.append((_rank(law, facts, notice, found), found))
    allowed.sort(key=lambda pair: (pair[0], pair[1].notice_type))
    return Selection("", spoke, tuple(option for _rank_of, option in allowed), tuple(refused))


def minor(facts: Facts) -> bool:
    """Whether the way of a minor is to be gone: also where nobody knows the age."""
    return facts.age != "adult" and not facts.minor_clearance


def hostile(facts: Facts) -> bool:
    return facts.hostility == "hostile_or_extortionate" or facts.site_type in ("ncii_dedicated", "onion")


def financial(facts: Facts) -> bool:
    return facts.motive == "economic" or facts.abuse_type == "sextortion_financial"


def assault(facts: Facts) -> bool:
    return facts.acquisition == "coerced_or_assault" or facts.abuse_type == "recorded_sexual_assault"


_SPEAK: tuple[tuple[str, Callable[[Facts], bool]], ...] = (
    ("S1_minor", minor),
    ("S2_le_hold", lambda facts: facts.hold),
    ("S3_hostile", hostile),
    ("S4_consent", lambda facts: True),
    ("R1_threat_only", lambda facts: facts.publication_state == "threatened_only"),
    ("R2_financial_sextortion", financial),
    ("R5_synthetic", lambda facts: facts.content_nature in ("altered", "fully_synthetic")),
    ("R8_return", lambda facts: facts.returns > 0 or facts.publication_state == "reappeared"),
)


def _spoke(facts: Facts) -> Iterator[str]:
    return (rule for rule, speaks in _SPEAK if speaks(facts))


def _judge(law: Law, facts: Facts, notice: NoticeType, roles: tuple[str, ...]) -> Option | Refused:
    if minor(facts):
        in_app = notice.id != "tos_report" or facts.site_type == "major_platform"
        if notice.id not in FOR_MINORS or not in_app:
            return Refused(notice.id, "hotline and police first; nobody else is written to", "S1_minor")
    rules = []
    for rule, closed in _closed(facts):
        if set(roles) & closed:
            roles = tuple(one for one in roles if one not in closed)
            if not roles:
                return Refused(notice.id, law.rule(rule).then, rule)
            rules.append(rule)
    if notice.id == "us_dmca_512c":
        owner = copyright_owner(facts, law)
        if owner == "other":
            synthetic = facts.content_nature in ("altered", "fully_synthetic")
            rule = "R5_synthetic" if synthetic else "R6_not_the_author"
            return Refused(notice.id, law.rule(rule).then, rule)
        rules.append("R3_owner")
    missing: list[str] = []
    confirm: list[str] = []
    for condition in notice.preconditions:
        holds = _holds(condition, facts, law)
        if holds == "no":
            return Refused(notice.id, condition.text, later=condition.fact == "asked")
        if holds == "open":
            (missing if condition.fact else confirm).append(condition.text)
    places = (*law.places(facts.survivor_country), *law.places(facts.recipient_country))
    period = notice.clock_in(*places).period
    rules += _reasons(roles, facts)
    return Option(
        notice.id, roles, tuple(missing), tuple(confirm), ("S4_consent", *rules), _after(law, roles, facts),
        period.words() if period else "", notice.exposure, _held(roles, facts),
    )  # fmt: skip


def _closed(facts: Facts) -> Iterator[tuple[str, frozenset[str]]]:
    """The roles a rule shuts out."""
    if hostile(facts):
        yield "S3_hostile", OPERATOR
    if facts.publication_state == "threatened_only":
        yield "R1_threat_only", AFTER_PUBLICATION
    if facts.returns > 0 or facts.publication_state == "reappeared":
        yield "R8_return", OPERATOR


def _reasons(roles: tuple[str, ...], facts: Facts) -> list[str]:
    reasons = []
    if minor(facts):
        reasons.append("S1_minor")
    if "site_operator" in roles:
        reasons.append("R4_platform")
    if "regulator" in roles or "court" in roles:
        reasons.append("R7_regulator")
    if financial(facts):
        reasons.append("R2_financial_sextortion")
    return reasons


def _held(roles: tuple[str, ...], facts: Facts) -> bool:
    if not facts.hold or set(roles) & UNTOUCHED_BY_HOLD:
        return False
    return not (facts.hold_spares_search and set(roles) == {"search"})


def _holds(condition: Condition, facts: Facts, law: Law) -> Holds:
    lives = set(law.places(facts.survivor_country))
    if condition.only_in:
        if not lives:
            return "open"
        if not lives & set(condition.only_in):
            return "yes"
    fact, wanted = condition.fact, set(condition.any_of)
    if fact == "":
        return "open"
    if fact == "link":
        # Where it is hosted can make a link; not knowing it leaves none open.
        if set(law.places(facts.host_country)) & wanted:
            return "yes"
        return _within((facts.survivor_country, facts.recipient_country), wanted, law)
    if fact in ("survivor_in", "recipient_in"):
        return _within((facts.survivor_country if fact == "survivor_in" else facts.recipient_country,), wanted, law)
    if fact == "status":
        return "yes" if facts.trusted_flagger else "no"
    if fact == "police_wanted" and minor(facts):
        return "yes"
    value = _value(fact, facts, law)
    if value in wanted:
        return "yes"
    return "open" if value in ("", "unknown") else "no"


def _value(fact: str, facts: Facts, law: Law) -> str:
    if fact == "published":
        return PUBLISHED.get(facts.publication_state, "unknown")
    if fact == "copyright_owner":
        return copyright_owner(facts, law)
    if fact == "asked" and facts.returns > 1:
        return "yes"
    return str(getattr(facts, fact))


def _within(codes: tuple[str, ...], wanted: set[str], law: Law) -> Holds:
    """Whether one of the places lies in one that is wanted. A country whose part is wanted leaves it open."""
    known = [code for code in codes if code]
    if any(set(law.places(code)) & wanted for code in known):
        return "yes"
    if len(known) < len(codes):
        return "open"
    parts = any(one.startswith(f"{code.upper()}-") for code in known for one in wanted)
    return "open" if parts else "no"


def _after(law: Law, roles: tuple[str, ...], facts: Facts) -> int | None:
    """The earliest of the ladder for these roles; at once where the ladder has no step for them."""
    if minor(facts) or set(roles) & (UNTOUCHED_BY_HOLD | {"regulator"}):
        return 0
    found: list[int] = []
    for role in roles:
        step = law.step(LADDER_ROLE.get(role, role))
        if step is None:
            return 0
        hours = step.hostile_at_hours if hostile(facts) else step.at_hours
        if role in ("origin_host", "cdn") and (facts.returns > 0 or facts.publication_state == "reappeared"):
            hours = 0
        if role == "registrar" and facts.returns > 1:
            hours = 0
        if hours is not None and hours >= 0:
            found.append(hours)
    return min(found) if found else None


def _rank(law: Law, facts: Facts, notice: NoticeType, option: Option) -> tuple[float, ...]:
    """What the rules put first, what lacks nothing, what may start earlier, the ladder, the quicker clock."""
    first = 5.0
    if minor(facts):
        first = FOR_MINORS.index(notice.id)
    elif notice.id in AGAINST_THREATS and (
        facts.publication_state == "threatened_only" or financial(facts) or facts.abuse_type.startswith("sextortion")
    ):
        first = AGAINST_THREATS.index(notice.id)
    elif notice.id == "police_report" and assault(facts):
        first = 0.0
    elif notice.id == "us_dmca_512c" and facts.abuse_type != "commercial_content_leak":
        first = 9.0
    after = float("inf") if option.after_hours is None else float(option.after_hours)
    steps = [step.step for role in option.roles if (step := law.step(LADDER_ROLE.get(role, role)))]
    places = (*law.places(facts.survivor_country), *law.places(facts.recipient_country))
    return (first, float(bool(option.missing)), after, min(steps, default=2), quickest(notice, places))
