"""How she may be reached: the one function that every word to her asks, ``way``.

Her rules (channel, hours and zone, words, who might read it, what she wants to hear of) are sealed with the case.
Whatever is missing, damaged or does not fit leaves the portal alone: then nothing goes out.
"""

from __future__ import annotations

import re
from dataclasses import asdict, dataclass, replace
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError, available_timezones

from django.db import transaction
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, override

from efface.cases import events
from efface.cases.models import Case
from efface.engine.base import settings, smtp
from efface.engine.base.text import one_line

PORTAL, MAIL, PHONE, MESSENGER = "portal", "mail", "phone", "messenger"
CHANNELS: tuple[tuple[str, Promise], ...] = (
    (PORTAL, gettext_lazy("Only here. Nothing is ever sent to me.")),
    (MAIL, gettext_lazy("By e-mail, with nothing in it but the words chosen below")),
    (PHONE, gettext_lazy("By telephone: a person rings")),
    (MESSENGER, gettext_lazy("In a messenger: a person writes the words chosen below")),
)  # fmt: skip
NEUTRAL: tuple[tuple[str, Promise], ...] = (
    ("reminder", gettext_lazy("Reminder")), ("note", gettext_lazy("A note for you")),
    ("list", gettext_lazy("Your list")), ("date", gettext_lazy("About our appointment")),
)  # fmt: skip
"""Words that say nothing: what stands in the subject line, and the whole of the mail."""
READERS: tuple[tuple[str, Promise], ...] = (
    ("me", gettext_lazy("Only I")), ("maybe", gettext_lazy("Perhaps somebody else too")),
    ("unknown", gettext_lazy("I am not sure")),
)  # fmt: skip
EVERYTHING, GONE, NOTHING = "everything", "gone", "nothing"
TOLD: tuple[tuple[str, Promise], ...] = (
    (EVERYTHING, gettext_lazy("Everything as it happens")),
    (GONE, gettext_lazy("Only when something was not found any more, or when that comes back")),
    (NOTHING, gettext_lazy("Nothing, until I say otherwise")),
)  # fmt: skip
WEEKDAYS = (gettext_lazy("Monday"), gettext_lazy("Tuesday"), gettext_lazy("Wednesday"), gettext_lazy("Thursday"),
        gettext_lazy("Friday"), gettext_lazy("Saturday"), gettext_lazy("Sunday"))  # fmt: skip
HERSELF = "survivor"
PACES = (1, 5, 20)
"""How many questions she sees at a time."""
LONGEST_WORDS, LONGEST_TO = 60, 120
DAYS = 8


class NotReachable(ValueError):
    """These rules cannot be kept; the message says what would do. ``field`` names what to change."""

    def __init__(self, words: str, field: str) -> None:
        super().__init__(words)
        self.field = field


@dataclass(frozen=True, slots=True)
class Rules:
    """``from_hour`` to ``to_hour`` (0 to 23, equal: at any hour) on ``days`` (0 Monday to 6 Sunday) in ``zone``;
    ``words`` is a key of ``NEUTRAL``, or "own" with ``own``; ``reader`` who might read or hear it. ``note`` holds what
    a worker wrote down freely before there were rules; ``closed`` the address that a mail came back from, until she
    chooses anew: nothing goes there, nor anywhere else; ``set_with`` the worker who set this with her, "" where she did
    herself."""

    channel: str = PORTAL
    to: str = ""
    service: str = ""
    from_hour: int = 9
    to_hour: int = 18
    days: tuple[int, ...] = (0, 1, 2, 3, 4, 5, 6)
    zone: str = "UTC"
    words: str = "reminder"
    own: str = ""
    reader: str = "unknown"
    told: str = EVERYTHING
    pace: int = 5
    note: str = ""
    closed: str = ""
    set_with: str = ""


@dataclass(frozen=True, slots=True)
class Way:
    """How one word may reach her at a moment. ``channel`` portal: nothing goes out. ``to`` is the address, number or
    name, ``words`` all that may be said where somebody else could read it. Not ``open``: not before ``opens``."""

    channel: str = PORTAL
    to: str = ""
    words: str = ""
    open: bool = False
    opens: datetime | None = None
    service: str = ""
    reader: str = "unknown"


HERE = Way()


def rules(case: Case) -> Rules:
    """Her rules as they stand; those of somebody who said nothing where there are none, or they cannot be read."""
    held = case.safe_contact
    if not isinstance(held, dict):
        return Rules(note=str(held or ""))
    known = {key: held[key] for key in Rules.__dataclass_fields__ if key in held}
    try:
        return replace(Rules(), **known | {"days": tuple(known.get("days", Rules().days))})
    except TypeError:
        return Rules()


def proposed(case: Case) -> Rules:
    """What the form shows: her rules, or to begin with the hours of this installation's time zone."""
    held, here = rules(case), str(settings.get("time_zone"))
    return held if isinstance(case.safe_contact, dict) or here not in zones() else replace(held, zone=here)


def way(case: Case, now: datetime) -> Way:
    """The one question before any word to her leaves. Fails closed: whatever is not certain is ``HERE``."""
    if case.state != Case.State.OPEN:
        return HERE
    held = rules(case)
    try:
        check(case, held)
    except (NotReachable, TypeError, ValueError):
        return HERE
    if held.channel == PORTAL or (held.closed and held.closed == held.to):
        return HERE
    opens = next_open(held, now)
    if opens is None:
        return HERE
    return Way(held.channel, held.to, words_of(case, held), opens <= now, opens, held.service, held.reader)


def wants(case: Case, occasion: str) -> bool:
    """Whether she wants to hear of it at all (``telling.OCCASIONS``)."""
    told = rules(case).told
    return told == EVERYTHING or (told == GONE and occasion in ("gone", "returned"))


def words_of(case: Case, held: Rules) -> str:
    """What stands in the subject line, and is all that is said, in the language of the case."""
    if held.words == "own":
        return held.own
    with override(case.language or "en"):
        return str(dict(NEUTRAL)[held.words])


def sender() -> str:
    """The address that such mails come from; "" where none is set up, and then there are none."""
    found = str(settings.get("quiet_mail_from"))
    return found if smtp.ADDRESS.fullmatch(found) else ""


def set_rules(case: Case, given: Rules, actor: str, now: datetime) -> Rules:
    """Keep her rules; they count from this moment, also for what waits to leave. Whether a worker set them with her is
    told by ``actor``. Raises ``NotReachable``."""
    given = replace(given, to=one_line(given.to), own=one_line(given.own), service=one_line(given.service))
    check(case, given)
    with transaction.atomic():
        row = Case.objects.select_for_update().get(pk=case.pk)
        held = rules(row)
        if actor != HERSELF:
            given = replace(given, set_with=actor)
        elif replace(given, told=held.told, pace=held.pace) != held:
            given = replace(given, set_with="")
        if held == given:
            return given
        row.safe_contact = asdict(given) | {"days": list(given.days)}
        row.save(update_fields=["safe_contact"])
        case.safe_contact = row.safe_contact
        events.record(case, "contact.changed", actor, now=now)
    return given


def close(case: Case, address: str, now: datetime) -> bool:
    """A mail to this address came back. False where she is not reached under it any more, or it is closed already."""
    with transaction.atomic():
        row = Case.objects.select_for_update().get(pk=case.pk)
        held = rules(row)
        if held.channel != MAIL or held.to != address or held.closed == address:
            return False
        row.safe_contact = asdict(replace(held, closed=address)) | {"days": list(held.days)}
        row.save(update_fields=["safe_contact"])
        case.safe_contact = row.safe_contact
        events.record(case, "contact.closed", "engine", now=now)
    return True


def check(case: Case, held: Rules) -> None:
    """Raises ``NotReachable`` with words that say what to change."""
    if held.channel not in dict(CHANNELS) or held.told not in dict(TOLD) or held.reader not in dict(READERS):
        raise NotReachable(_("Please choose one of the answers."), "channel")
    if held.pace not in PACES:
        raise NotReachable(_("Please choose one of the answers."), "pace")
    if not all(0 <= hour <= 23 for hour in (held.from_hour, held.to_hour)):
        raise NotReachable(_("Hours go from 0 to 23."), "from_hour")
    if not _zone(held.zone):
        raise NotReachable(_("Please choose your time zone from the list."), "zone")
    if held.channel == PORTAL:
        return
    if not held.days or not set(held.days) <= set(range(7)):
        raise NotReachable(_("Please choose at least one day."), "days")
    _check_address(held)
    if held.words == "own":
        problem = telling(held.own, case)
        if problem:
            raise NotReachable(problem, "own")
    elif held.words not in dict(NEUTRAL):
        raise NotReachable(_("Please choose one of the answers."), "words")


def _check_address(held: Rules) -> None:
    if not held.to or len(held.to) > LONGEST_TO:
        raise NotReachable(_("Please say where you can be reached."), "to")
    if held.channel == MAIL:
        if not sender():
            problem = _("No e-mail can be sent from here at the moment. Please choose another way.")
            raise NotReachable(problem, "channel")
        if not smtp.ADDRESS.fullmatch(held.to):
            raise NotReachable(_("This does not look like an e-mail address."), "to")
    if held.channel == PHONE and not re.fullmatch(r"\+?[0-9][0-9 ()/.-]{4,25}", held.to):
        raise NotReachable(_("Please write the telephone number in digits, best with the code of the country."), "to")
    if held.channel == MESSENGER and not held.service:
        raise NotReachable(_("Please say which messenger it is."), "service")


_TELLING = re.compile(
    r"efface|intim|íntim|nude|naked|nackt|desnud|\bnue?s?\b|\bnuas?\b|pelad|sex|porn|revenge|rache|venganz|vengean|"
    r"vinganç|abuse|abus|missbrauch|polic|políc|poliz|victim|opfer|v[ií]ctim|vítim|survivor|pictur|photo|foto|video|"
    r"vidéo|vídeo|bild|im[aá]ge|leak|\bfuit|vazou|vazad|vazament|blackmail|erpress|extor|chanta[jg]|helpline|hilfe|"
    r"ayuda|\baide|ajuda|upload|remov|delet|gel[öo]scht|entfern|borrad|elimin|supprim|retir[éa]|apagad|case\b|\bfall\b|"
    r"\bcaso\b|\bdossier|webcam|hack",
    re.IGNORECASE,
)
_TELLING_SLAVIC = re.compile(
    # Polish
    r"intymn|\bnag(?:a|ą|i|ie|ich|iej|o)\b|rozebran|seks|zemst|przemoc|ofiar|zdję[cć]|obraz|nagrani|wyciek|szanta[żz]|"
    r"zaufania|\bpomoc|usun|usuwa|kasow|\bspraw[aęy]\b|kamer|hak(?:er|ow)|włama|"
    # Ukrainian
    r"інтим|оголен|\bгол(?:а|і|ий|их|ою|ого)\b|секс|порн|помст|насил|поліц|жертв|фото|світлин|зображен|знім(?:ок|к)|"
    r"відео|\bзли(?:в|т)|вит[іе]к|шантаж|вимага|допомог|видал|\bстер(?:т|л)|\bсправ[ау]\b|камер|хак|злам",
    re.IGNORECASE,
)
"""Beginnings of words that would tell, in languages that bend the rest of a word."""
_LINK = re.compile(r"://|www\.|\b[\w-]+\.(?:[a-z]{2,})\b|@", re.IGNORECASE)
_CODE = re.compile(r"\b\w{4}-\w{4}-\w{4}-\w{4}\b|\d{5,}")


def telling(words: str, case: Case) -> str:
    """Why these words are not neutral, in words for her; "" where they say nothing to a stranger."""
    if not words:
        return _("Please write the words, or choose some of ours.")
    if len(words) > LONGEST_WORDS or words != one_line(words):
        return _("Please keep it to one line of at most %(n)d characters.") % {"n": LONGEST_WORDS}
    names = [case.reference, case.organisation.name, str(case.name or "")]
    if any(len(name) > 2 and name.lower() in words.lower() for name in names):
        return _("Please leave out names and the number of your case.")
    if _LINK.search(words) or _CODE.search(words):
        return _("Please leave out addresses, codes and numbers.")
    if _TELLING.search(words) or _TELLING_SLAVIC.search(words):
        return _("Somebody who reads this could guess what it is about. Please choose words that say nothing.")
    return ""


def next_open(held: Rules, now: datetime) -> datetime | None:
    """The first moment from ``now`` on that lies in her hours, to the quarter of an hour; None where there is none."""
    zone = _zone(held.zone)
    if zone is None or not held.days:
        return None
    moment = now
    for _step in range(DAYS * 24 * 4 + 1):
        if _is_open(held, moment.astimezone(zone)):
            return moment
        moment = moment.replace(minute=moment.minute // 15 * 15, second=0, microsecond=0) + timedelta(minutes=15)
    return None


def _is_open(held: Rules, there: datetime) -> bool:
    """Hours over midnight belong to the day they began on."""
    begin, end, day = held.from_hour, held.to_hour, there.weekday()
    if begin < end:
        return begin <= there.hour < end and day in held.days
    if begin == end or there.hour >= begin:
        return day in held.days
    return there.hour < end and (day - 1) % 7 in held.days


def _zone(name: str) -> ZoneInfo | None:
    try:
        return ZoneInfo(name) if name in zones() or name == "UTC" else None
    except (ZoneInfoNotFoundError, ValueError):
        return None


def zones() -> list[str]:
    """Time zones to choose from, by continent and city."""
    places = ("Africa/", "America/", "Asia/", "Atlantic/", "Australia/", "Europe/", "Indian/", "Pacific/")
    return [*sorted(one for one in available_timezones() if one.startswith(places)), "UTC"]


def from_form(case: Case, form: Any) -> Rules:
    """Rules out of a posted form (a ``QueryDict``). Raises ``NotReachable`` for what is no number."""
    held = rules(case)
    try:
        return replace(
            held, channel=form.get("channel", ""), to=form.get("to", "")[:LONGEST_TO + 1],
            service=form.get("service", "")[:40], from_hour=int(form.get("from_hour", held.from_hour)),
            to_hour=int(form.get("to_hour", held.to_hour)),
            days=tuple(sorted({int(day) for day in form.getlist("days")})), zone=form.get("zone", held.zone),
            words=form.get("words", held.words), own=form.get("own", "")[:LONGEST_WORDS + 1],
            reader=form.get("reader", held.reader), closed="",
        )  # fmt: skip
    except ValueError:
        raise NotReachable(_("Hours go from 0 to 23."), "from_hour") from None
