"""Which entries a notice may need from a person: what each asks, why, and which element of a statute it fills. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Literal

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from efface.law import load
from efface.takedown import templates

Words = str | Promise
Kind = Literal["text", "lines", "dated", "day", "days", "yes", "choice"]
ASK = "particulars:"
"""Begins ``Need.ask`` where an entry answers it."""
NAME = "name_for:"
"""Begins the entries by which she agrees that one kind of recipient learns her name."""


@dataclass(frozen=True, slots=True)
class Entry:
    """``elements`` of the law it fills and ``places`` of a template it stands in: it is asked for a notice that has
    one. ``kind`` "dated": lines that each begin with a day; "days": a number of days."""

    name: str
    words: Words
    why: Words
    kind: Kind = "text"
    elements: frozenset[str] = frozenset()
    places: frozenset[str] = frozenset()
    choices: tuple[tuple[str, Words], ...] = ()


def _entry(
    name: str, words: Words, why: Words, kind: Kind = "text", elements: str = "", places: str = ""
) -> Entry:  # fmt: skip
    return Entry(name, words, why, kind, frozenset(elements.split()), frozenset(places.split()))


ENTRIES: tuple[Entry, ...] = (
    _entry("country", gettext_lazy("Country she lives in, as two letters"),
           gettext_lazy("The law of that country says which notice fits, and some have to name it."),
           elements="country link"),
    _entry("acquisition", gettext_lazy("How were the pictures obtained?"),
           gettext_lazy("Some ways are closed to pictures made by a computer, or to those she is paid for."), "choice",
           "real_or_fake not_paid"),
    _entry("link", gettext_lazy("What ties it to the recipient's country"),
           gettext_lazy("Asked where the law of a country is used in which she does not live. Without her name."),
           elements="link", places="link"),
    _entry("work", gettext_lazy("The picture in words"),
           gettext_lazy("A copyright notice has to say which picture it is. Where and how it was made; never the "
                        "picture itself, and without her name."), elements="work_identification", places="work"),
    _entry("controller", gettext_lazy("Which service it is, and who runs it"),
           gettext_lazy("A request about personal data goes to whoever decides about them."),
           elements="controller platform", places="controller"),
    _entry("accounts", gettext_lazy("Accounts of whoever published it, one a line"),
           gettext_lazy("User names, payment and telephone numbers: whoever keeps records finds them by these."),
           "lines", places="accounts"),
    _entry("terms", gettext_lazy("Search words she agreed to, one a line"),
           gettext_lazy("A search engine learns every word that is entered. Leave it empty unless she agreed to each."),
           "lines", places="terms"),
    _entry("asked_to", gettext_lazy("Who was asked before, outside Efface"),
           gettext_lazy("An authority wants to see that whoever is responsible was asked first."),
           elements="request_copy facts status_evidence", places="asked_to"),
    _entry("asked_on", gettext_lazy("On which day they were asked"),
           gettext_lazy("Their time runs from that day."), "day", "request_copy facts", "asked_on"),
    _entry("asked_proof", gettext_lazy("What shows that they were asked"),
           gettext_lazy("A receipt number, the number of a report."), elements="request_copy facts",
           places="asked_proof"),
    _entry("asked_answer", gettext_lazy("What they answered"), gettext_lazy("Leave it empty where nothing came back."),
           places="asked_answer"),
    _entry("chronology", gettext_lazy("What happened and when, one step a line"),
           gettext_lazy("Begin each line with the day, as in 2026-11-12 or 2026-11-12 20:15. Without her name: she "
                        "gives it herself, in person."), "dated", "chronology", "chronology"),
    _entry("safety", gettext_lazy("What protection she needs, and how she may be reached"),
           gettext_lazy("For the police or the court, so that nobody rings where the suspect might hear it."),
           elements="safety", places="safety"),
    _entry("police_file", gettext_lazy("File number of the police"),
           gettext_lazy("With it others can be told that it was reported."), places="police_file"),
    _entry("police_day", gettext_lazy("Day on which it was reported to the police"),
           gettext_lazy("It stands beside the file number."), "day", places="police_day"),
    _entry("keep_days", gettext_lazy("For how many days records should be kept"),
           gettext_lazy("1 to 365; 90 where you say nothing."), "days", "period", "keep_days"),
    _entry("checkout", gettext_lazy("Address of the checkout page"),
           gettext_lazy("A card network finds the merchant by it. Look without buying anything."), elements="merchant",
           places="checkout"),
    _entry("processor", gettext_lazy("Who processes the payment"), gettext_lazy("It stands on the checkout page."),
           elements="merchant", places="processor"),
    _entry("descriptor", gettext_lazy("The merchant's name as a card statement shows it"),
           gettext_lazy("Where you know it: the network finds the merchant faster."), places="descriptor"),
    _entry("violation", gettext_lazy("Which rule of the network is broken"),
           gettext_lazy("In words; the rules ask for documented consent of everybody depicted."), elements="violation",
           places="violation"),
    _entry("complained", gettext_lazy("Day of the complaint at the merchant"),
           gettext_lazy("The network asks that the merchant was asked first."), "day", "complaint_history",
           "complained"),
    _entry("age_context", gettext_lazy("How old, how that is known, and whether there is blackmail"),
           gettext_lazy("A hotline for young people needs it. Without her name."), elements="age_context",
           places="age_context"),
    _entry("leads", gettext_lazy("A lawyer leads this and asks for a pseudonym"),
           gettext_lazy("Nothing goes to a court without one."), "yes", "anonymity"),
)  # fmt: skip
BY_NAME = {one.name: one for one in ENTRIES}
OF_CASE = frozenset({"country", "acquisition"})
"""Kept on the case itself."""


def entry(name: str) -> Entry | None:
    """The entry of this name, its choices filled in; None where there is none."""
    if name.startswith(NAME):
        kind = load().notices.get(name.removeprefix(NAME))
        if kind is None or not _names_her(kind.id):
            return None
        words = _("She agrees that this recipient learns her name: %(what)s") % {"what": kind.name}
        why = _("It asks for her name, which she then gives herself. Ask her, and say what may happen to it.")
        return Entry(name, words, why, "yes")
    one = BY_NAME.get(name)
    if one is not None and one.name == "acquisition":
        given = load().words["acquisition_path"].items()
        return replace(one, choices=(("unknown", gettext_lazy("Nobody has said")), *given))
    return one


def _names_her(notice_type: str) -> bool:
    kind = load().notices[notice_type]
    return kind.names_subject or any(one.id == "name" and one.required for one in kind.elements)


def for_type(notice_type: str) -> tuple[str, ...]:
    """Names of the entries a notice of this type can use, in order; none for a type nobody knows."""
    kind = load().notices.get(notice_type)
    if kind is None:
        return ()
    elements = {one.id for one in kind.elements if one.required}
    places = templates.template(kind.id, "en").places() if "en" in templates.languages(kind.id) else set()
    found = [one.name for one in ENTRIES if one.elements & elements or one.places & places]
    return (*found, f"{NAME}{kind.id}") if _names_her(kind.id) else tuple(found)


def asked_by(element: str, notice_type: str = "") -> str:
    """Which entry answers a missing element, "" where none does."""
    if element in ("name", "subject_named"):
        return f"{NAME}{notice_type}" if notice_type else ""
    return next((one.name for one in ENTRIES if element in one.elements and one.name not in OF_CASE), "")


def wanted(chosen: Iterable[tuple[str, str]]) -> dict[str, set[str]]:
    """Entry to the names of those who will read it, from (notice type, recipient) of what is planned."""
    found: dict[str, set[str]] = {}
    for notice_type, recipient in chosen:
        for name in for_type(notice_type):
            found.setdefault(name, set()).add(recipient)
    order = [one.name for one in ENTRIES]
    return dict(sorted(found.items(), key=lambda one: (order.index(one[0]) if one[0] in order else len(order), one[0])))
