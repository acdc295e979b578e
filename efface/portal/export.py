"""Everything that is kept about her, as one ZIP: a page to read and the same as JSON. No picture is in it: none is
kept. It is streamed: rows are read some at a time, each time in a short transaction, and nothing is written to a disk.

Left out, and said so on the page: what could harm her in the wrong hands and helps her nowhere (her word and what came
of it), numbers from which a picture or face could partly be guessed, and what no person has looked at yet.
"""

from __future__ import annotations

import json
import uuid
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, datetime
from html import escape
from typing import IO, Any, cast

from django.db.models import Q, QuerySet
from django.utils import timezone
from django.utils.translation import get_language_bidi, override
from django.utils.translation import gettext as _

from efface.cases import attesting, uses
from efface.cases.models import (
    Attestation,
    Avoided,
    Case,
    CaseEvent,
    CaseFact,
    Consent,
    Draft,
    Fingerprint,
    Hold,
    Message,
    OwnPlace,
    ReportedLink,
)
from efface.engine.base import moments, tenancy
from efface.engine.base.text import defang
from efface.evidence.models import Capture, Fact, Kept
from efface.portal import words
from efface.portal.templatetags.doors import clean
from efface.search.models import Finding, Match
from efface.takedown.models import Check, Inbound, Notice

AT_ONCE = 200
Row = dict[str, Any]
HASHES = ("pdq", "md5", "sha256")


@dataclass(frozen=True, slots=True)
class Section:
    """One table: ``key`` in the JSON, ``title`` on the page, ``labels`` of its columns, and its rows."""

    key: str
    title: str
    labels: dict[str, str]
    rows: Callable[[], Iterator[Row]]


class _Sink:
    """What the ZIP writes to: bytes are taken away as they come, so that nothing gathers."""

    def __init__(self) -> None:
        self._held = bytearray()

    def write(self, data: bytes) -> int:
        self._held += data
        return len(data)

    def flush(self) -> None:
        pass

    def take(self) -> bytes:
        taken, self._held = bytes(self._held), bytearray()
        return taken


def stream(organisation: uuid.UUID, case_id: uuid.UUID, language: str, now: datetime) -> Iterator[bytes]:
    """The ZIP, piece by piece: ``notes.html`` and ``notes.json``."""
    sink = _Sink()
    moment = timezone.localtime(now).timetuple()[:6]
    with zipfile.ZipFile(cast(IO[bytes], sink), "w", zipfile.ZIP_DEFLATED) as archive:
        for name, write in (("notes.html", _html), ("notes.json", _json)):
            with archive.open(zipfile.ZipInfo(name, date_time=moment), "w") as file:
                with override(language):
                    parts = write(_sections(organisation, case_id, now), language, now)
                while True:
                    with override(language):
                        part = next(parts, None)
                    if part is None:
                        break
                    file.write(part.encode())
                    yield sink.take()
            yield sink.take()
    yield sink.take()


def _json(sections: list[Section], language: str, now: datetime) -> Iterator[str]:
    yield json.dumps({"made": now.isoformat(), "version": 1})[:-1]
    for section in sections:
        yield f", {json.dumps(section.key)}: ["
        for number, row in enumerate(section.rows()):
            yield (", " if number else "") + json.dumps(row, ensure_ascii=False, default=_plain)
        yield "]"
    yield f', "left_out": {json.dumps(left_out(), ensure_ascii=False)}}}\n'


def _plain(value: Any) -> str:
    return value.isoformat() if isinstance(value, date | datetime) else str(value)


STYLE = (
    "body{font:1rem/1.5 system-ui,sans-serif;max-width:46rem;margin:1rem auto;padding:0 1rem}"
    "h2{margin-top:2rem}dl{border-top:1px solid #888;padding-top:.5rem}dt{font-weight:600}"
    "dd{margin:0 0 .3rem;white-space:pre-wrap;overflow-wrap:anywhere}"
)


def _html(sections: list[Section], language: str, now: datetime) -> Iterator[str]:
    side = "rtl" if get_language_bidi() else "ltr"
    yield (
        f'<!doctype html><html lang="{escape(language)}" dir="{side}"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1"><meta name="robots" content="noindex">'
        f"<title>{escape(_('Notes'))}</title><style>{STYLE}</style></head><body><main>"
        f"<h1>{escape(_('Everything we keep about you'))}</h1>"
        f"<p>{escape(_('Made on %(day)s. Keep it where only you can open it.') % {'day': _day(now)})}</p>"
        f"<p>{escape(_('Addresses of pages are written so that they do not open by accident.'))}</p>"
    )
    for section in sections:
        yield f"<h2>{escape(section.title)}</h2>"
        empty = True
        for row in section.rows():
            empty = False
            yield "<dl>" + "".join(
                f'<dt>{escape(section.labels.get(key, key))}</dt><dd dir="auto">{escape(_told(key, value))}</dd>'
                for key, value in row.items() if value not in (None, "", [], {})
            ) + "</dl>"  # fmt: skip
        if empty:
            yield f"<p>{escape(_('Nothing.'))}</p>"
    yield f"<h2>{escape(_('What is not in here, and why'))}</h2><ul>"
    yield "".join(f"<li>{escape(line)}</li>" for line in left_out())
    yield "</ul></main></body></html>\n"


def left_out() -> list[str]:
    return [
        _("Pictures: we keep none."),
        _("The numbers made from your face, and the marks and frames by which changed pictures and videos are "
          "recognised: from them a picture could partly be guessed. They never leave our house."),
        _("What you or a worker set for your safety in a conversation."),
        _("What our machine met and no person has looked at yet: it may be somebody else."),
        _("Names of the people who work here."),
    ]  # fmt: skip


def _day(moment: datetime | date) -> str:
    return moments.day(moment)


def _told(key: str, value: Any) -> str:
    if isinstance(value, datetime):
        return moments.minute(value, zone=False)
    if isinstance(value, date):
        return _day(value)
    if isinstance(value, list):
        return "\n".join(_told(key, one) for one in value)
    return defang(clean(value)) if key in ("page", "address", "text") else clean(value)


def _sections(organisation: uuid.UUID, case_id: uuid.UUID, now: datetime) -> list[Section]:
    def told(rows: Callable[[], QuerySet[Any]], tell: Callable[[Any], Row | None]) -> Callable[[], Iterator[Row]]:
        return lambda: _batched(organisation, case_id, rows, tell)

    def once(tell: Callable[[Case], list[Row]]) -> Callable[[], Iterator[Row]]:
        def rows() -> Iterator[Row]:
            with tenancy.organisation(organisation, case_id):
                case = Case.objects.filter(pk=case_id).first()
                found = tell(case) if case is not None else []
            yield from found

        return rows

    at, page, text, kind = _("when"), _("page"), _("text"), _("kind")
    labels = {
        "at": at, "page": page, "text": text, "kind": kind, "address": _("address"), "until": _("until"),
        "state": _("how it stands"), "age": _("age in it"), "name": _("name"), "by": _("by whom"), "to": _("to whom"),
        "subject": _("subject"), "what": _("what"), "ended": _("ended"), "site": _("site"), "label": _("called"),
        "numbers": _("numbers"), "reference": _("reference"), "level": _("search for face and names"),
        "country": _("country"), "language": _("language"), "obtained": _("how they were obtained"),
        "safe_contact": _("safe ways to reach you"), "opened": _("opened"), "question": _("question"),
        "answer": _("answer"), "proof": _("proof that was seen (not kept)"),
    }  # fmt: skip
    purposes = {each.purpose: each.label for each in words.permissions()}

    def section(key: str, title: str, rows: Callable[[], Iterator[Row]]) -> Section:
        return Section(key, title, labels, rows)

    return [
        section("case", _("Your case"), once(lambda case: [_case(case, now)])),
        section("permissions", _("What you allowed"), told(Consent.objects.all, lambda one: {
            "what": purposes.get(one.purpose, one.purpose), "at": one.given_at, "until": one.expires_at,
            "ended": one.withdrawn_at,
        })),
        section("uses", _("What was done with it"), once(lambda case: [
            {"at": use.day, "what": purposes[purpose], "text": words.use_words(use, purpose)}
            for purpose in purposes for use in uses.history(case, purpose, now, days=3650)
        ])),
        section("conversations", _("Conversations about search"), told(Attestation.objects.all, _attestation)),
        section("fingerprints", _("Fingerprints"), told(Fingerprint.objects.all, _fingerprint)),
        section("answers", _("What you answered"), told(CaseFact.objects.all, lambda one: {
            "question": one.name.replace("_", " "), "answer": one.value, "at": one.at,
        })),
        section("never_told", _("Who must never hear of it"), told(Avoided.objects.all, lambda one: {
            "name": one.value, "at": one.added_at, "ended": one.ended_at,
        })),
        section("own_places", _("Places of your own"), told(OwnPlace.objects.all, lambda one: {
            "address": one.url, "at": one.added_at, "ended": one.ended_at,
        })),
        section("links", _("Pages you named"), told(
            lambda: ReportedLink.objects.exclude(by__startswith="source:"),
            lambda one: {"address": one.url, "at": one.at, "text": words.link_words(one.outcome, bool(one.handled_at))},
        )),
        section("asked", _("Pages you were asked about"), told(
            # Candidates that no person has looked at are not hers to carry: they may be somebody else.
            lambda: Match.objects.filter(Q(state=Match.State.ASKED) | Q(decided_by="survivor")), _match,
        )),
        section("findings", _("What we found"), told(
            lambda: Finding.objects.select_related("site"), lambda one: {
                "site": one.site.domain, "page": one.page_url, "at": one.confirmed_at,
                "state": words.state_words(one.state), "age": str(one.get_age_display()),
            },
        )),
        section("proof", _("Proof of pages"), told(Capture.objects.all, lambda one: {"at": one.at})),
        section("kept", _("What you handed in"), told(Kept.objects.all, _kept)),
        section("demands", _("Who demands what"), told(
            lambda: Fact.objects.filter(state=Fact.State.CONFIRMED),
            lambda one: {"kind": one.kind, "text": one.value, "at": one.at},
        )),
        section("letters", _("Letters that went out"), told(
            lambda: Notice.objects.filter(sent_at__isnull=False).select_related("route"), lambda one: {
                "at": one.sent_at, "to": one.route.party_name or one.contact, "address": one.contact,
                "reference": one.reference, "subject": one.subject_line, "text": one.text,
            },
        )),
        section("replies", _("Answers that came in"), told(Inbound.objects.all, lambda one: {
            "at": one.at, "by": one.sender, "subject": one.subject_line, "text": one.text,
        })),
        section("checks", _("Looks at pages"), told(Check.objects.all, lambda one: {
            "at": one.at, "state": words.state_words(one.state),
        })),
        section("messages", _("Messages"), told(Message.objects.all, lambda one: {
            "at": one.at, "by": _("you") if one.from_survivor else _("your caseworker"), "text": one.text,
        })),
        section("drafts", _("What you typed and did not send"), told(Draft.objects.all, lambda one: {
            "at": one.at, "text": "\n".join(map(str, (one.fields or {}).values())),
        })),
        section("holds", _("Times in which letters waited"), told(Hold.objects.all, lambda one: {
            "at": one.begins, "until": one.ends, "ended": one.lifted_at,
        })),
        section("timeline", _("What happened"), told(CaseEvent.objects.all, _event)),
    ]  # fmt: skip


def _batched(
    organisation: uuid.UUID, case_id: uuid.UUID, rows: Callable[[], QuerySet[Any]], tell: Callable[[Any], Row | None]
) -> Iterator[Row]:
    """Rows of the case by their ids, which grow with time; a short transaction for each batch."""
    after = uuid.UUID(int=0)
    while True:
        with tenancy.organisation(organisation, case_id):
            batch = list(rows().filter(case_id=case_id, pk__gt=after).order_by("pk")[:AT_ONCE])
            found = [tell(one) for one in batch]
        yield from (one for one in found if one)
        if len(batch) < AT_ONCE:
            return
        after = batch[-1].pk


def _case(case: Case, now: datetime) -> Row:
    shown = attesting.shown(case, now)
    level = {
        "attested": _("on, where you allow it"),
        "cooling": _("agreed; starts on %(day)s"),
        "waits": _("waits"),
    }.get(shown.stage, _("off"))
    return {
        "reference": case.reference, "kind": str(case.get_kind_display()), "opened": case.opened_at,
        "state": str(case.get_state_display()), "age": str(case.get_age_display()),
        "level": level % {"day": _day(shown.starts)} if shown.starts and shown.stage == "cooling" else level,
        "country": case.country, "language": case.language, "obtained": case.acquisition, "name": case.name,
        "safe_contact": case.safe_contact,
    }  # fmt: skip


def _attestation(one: Attestation) -> Row:
    return {
        "at": one.first_at,
        "proof": one.proof_seen,
        "ended": None if one.quiet else one.stopped_at or one.refused_at,
    }


def _fingerprint(one: Fingerprint) -> Row:
    value = one.value if isinstance(one.value, dict) else {}
    row: Row = {"label": one.label, "kind": one.kind, "at": one.created, "ended": one.retired_at, "age": one.age}
    if one.kind == "text":
        row["name"] = value.get("value")
    elif one.kind in HASHES:
        pdq = value.get("pdq")
        row["numbers"] = [str(pdq[0])] if pdq else []
        row["numbers"] += [str(value[name]) for name in ("md5", "sha256") if value.get(name)]
    return row


def _kept(one: Kept) -> Row:
    said = one.said if isinstance(one.said, dict) else {}
    lines = [f"{line.get('at', '')} {line.get('by', '')}: {line.get('text', '')}" for line in said.get("messages", ())]
    row: Row = {"label": one.name, "kind": one.app or one.kind, "at": one.at, "numbers": [one.sha256]}
    return {**row, "text": "\n".join(lines)}


def _match(one: Match) -> Row:
    return {"page": one.page_url, "at": one.made_at, "state": str(one.get_state_display())}


def _event(one: CaseEvent) -> Row | None:
    said = words.event_words(one.kind)
    return {"at": one.at, "what": said} if said else None
