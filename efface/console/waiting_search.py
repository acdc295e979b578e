"""What waits in search: matches to decide, ages of findings, sites nobody has judged yet. Never a picture."""

from __future__ import annotations

import uuid
from collections.abc import Iterator

from django.db.models import QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from efface.accounts.models import Member
from efface.cases.models import Age, Case
from efface.console import reasons
from efface.console.decision import Blank, Decision, Fact, Option, mark
from efface.console.drawing import drawings
from efface.console.waiting_case import EACH, Within, narrowed
from efface.search.matching import COPIES
from efface.search.models import Finding, Match
from efface.sites.models import Site


def match_rows() -> QuerySet[Match]:
    rows = Match.objects.filter(state=Match.State.CANDIDATE, case__state=Case.State.OPEN)
    return rows.filter(sighting__isnull=False)


def age_rows() -> QuerySet[Finding]:
    return Finding.objects.filter(age=Age.UNKNOWN, stopped="", case__state=Case.State.OPEN)


def site_rows() -> QuerySet[Site]:
    mine = Finding.objects.values("site_id")
    return Site.objects.filter(hostility=Site.Hostility.UNKNOWN, state=Site.State.ACTIVE, pk__in=mine)


def matches(
    member: Member, *, case: Within | None = None, only: uuid.UUID | None = None, lock: bool = False
) -> Iterator[Decision]:
    rows = match_rows().select_related("case", "sighting__site", "sighting__media").defer(
        "baseline", "sighting__page_url", "sighting__media_url", "sighting__site__dossier", "sighting__site__grams",
        "sighting__media__pdq", "sighting__media__clip",
    )  # fmt: skip
    shown = list(narrowed(rows.order_by("-strong", "made_at"), case, only, lock))
    names = reasons.labels(shown)
    for one in shown:
        yield _match(one, reasons.sentences(one.reasons, names), reasons.returned(one.reasons))


def _words(one: Match, back: bool) -> tuple[str, str, str]:
    """Title, proposal and its reason."""
    if one.kind == "face":
        return (
            _("A face that may be hers"), _("Ask her in the portal, without showing the picture."),
            _("A face match is another photo of her, or of somebody like her. It sends nothing by itself."),
        )  # fmt: skip
    if one.kind == "reported":
        return (
            _("A page she reported"), _("Ask her, or confirm it if you know that it shows her."),
            _("No fingerprint speaks for it; a person does."),
        )  # fmt: skip
    if one.kind == "text":
        return (
            _("A page that names her"), _("Ask her in the portal."),
            _("It shows pictures beside words she goes by. Nothing says that the pictures are hers."),
        )  # fmt: skip
    title = _("It came back") if back else str(_TITLES[one.kind])
    if one.strong:
        return (title, _("Confirm it without looking."), str(_SURE[one.kind]))
    if one.kind in ("local", "vector"):
        return (
            title, _("Ask her, or confirm it with a reason."),
            _("It has parts in common with her picture. It may be another picture of the same place."),
        )  # fmt: skip
    return (
        title, _("Ask her, or confirm it with a reason."),
        _("The fingerprint is near, but not near enough to be sure."),
    )  # fmt: skip


_TITLES = {
    "pdq": gettext_lazy("A copy of her picture"),
    "local": gettext_lazy("A changed copy of her picture"),
    "vector": gettext_lazy("A changed copy of her picture"),
    "video": gettext_lazy("A copy of her video"),
}
_SURE = {
    "pdq": gettext_lazy("The picture's fingerprint is so near that chance is ruled out."),
    "local": gettext_lazy("So much of her picture was found again in it that chance is ruled out."),
    "vector": gettext_lazy("It resembles her picture so much that chance is ruled out."),
    "video": gettext_lazy("So much of her video was found again in it that chance is ruled out."),
}
"""Why each kind of copy may be confirmed without looking."""


def _match(one: Match, because: tuple[str, ...], back: bool) -> Decision:
    sure = one.strong and one.kind in COPIES
    title, proposed, reason = _words(one, back)
    assert one.sighting is not None
    media, measure = one.sighting.media, Fact("", "", "")
    if one.kind in ("face", "vector"):
        measure = Fact("similarity", _("Similarity"), _("%(score).2f of 1") % {"score": one.score})
    elif one.kind == "pdq":
        measure = Fact("distance", _("Differing bits of 256"), str(round(one.score)))
    elif one.kind == "local":
        measure = Fact("points", _("Points that agree"), str(round(one.score)))
    elif one.kind == "video":
        measure = Fact("seconds", _("Seconds that agree"), str(round(one.score)))
    return Decision(
        kind="match", id=one.pk, case_id=one.case_id, reference=one.case.reference, danger=one.case.danger,
        title=title, proposed=proposed, reason=reason, reasons=because, drawings=drawings(one.reasons),
        options=(
            Option("confirm", _("Confirm"), "primary" if sure else ""),
            Option("ask", _("Ask her"), "" if sure else "primary"),
            Option("reject", _("Not hers"), "careful"),
        ),
        blanks=(Blank("why", _("Reason (may stay empty)")),),
        facts=(
            Fact("kind", _("Kind"), one.kind),
            measure,
            Fact("score", _("Score"), f"{one.score:g}", side=True),
            Fact("strong", _("Strong"), "yes" if one.strong else "no"),
            Fact("returned", _("Came back"), "yes" if back else ""),
            Fact("site", _("Site"), one.sighting.site.domain),
            Fact("page", _("Page"), one.page_url or "", address=True),
            Fact("media", _("File"), one.media_url or "", address=True, side=True),
            Fact("size", _("Size of the picture"), f"{media.width} × {media.height}" if media.width else "", side=True),
            Fact("first-seen", _("First seen"), one.sighting.first_seen.strftime("%Y-%m-%d %H:%M"), side=True),
        ),
        harm=1 if back else 2 if one.strong else 3, since=one.made_at,
        mark=mark(one.pk, one.state, one.kind, one.score, one.strong),
    )  # fmt: skip


def ages(
    member: Member, *, case: Within | None = None, only: uuid.UUID | None = None, lock: bool = False
) -> Iterator[Decision]:
    rows = (
        age_rows()
        .select_related("case", "site", "match")
        .defer("baseline", "site__dossier", "site__grams", "match__baseline", "match__media_url", "match__page_url")
    )
    shown = list(narrowed(rows.order_by("confirmed_at"), case, only, lock))
    names = reasons.labels(one.match for one in shown)
    for one in shown:
        yield Decision(
            kind="age",
            id=one.pk,
            case_id=one.case_id,
            reference=one.case.reference,
            danger=one.case.danger,
            title=_("How old was she in this picture?"),
            proposed=_("Leave it to her, unless you know."),
            reason=_(
                "It is another picture than those enrolled. Until its age is known nothing is captured and nobody is "
                "written to. "
                "She is asked in the portal. Nobody looks at the picture to find out."
            ),
            options=(
                Option("adult", _("18 or older")),
                Option("minor", _("Under 18"), "careful"),
            ),
            blanks=(Blank("why", _("How you know"), needed_for=("adult",)),),
            facts=(
                Fact("kind", _("Kind of match"), one.match.kind),
                Fact("site", _("Site"), one.site.domain),
                Fact("page", _("Page"), one.page_url or "", address=True),
            ),
            reasons=reasons.sentences(one.match.reasons, names),
            harm=5,
            since=one.confirmed_at,
            mark=mark(one.pk, one.age),
        )


def sites(
    member: Member, *, case: Within | None = None, only: uuid.UUID | None = None, lock: bool = False
) -> Iterator[Decision]:
    """Sites with findings of this organisation that nobody has judged. Optional: the plan works without."""
    if case and case.ids is None:
        return
    rows = site_rows().filter(pk__in=case.ids) if case and case.ids is not None else site_rows()
    if only:
        rows = rows.filter(pk=only)
    if lock:
        rows = rows.select_for_update(of=("self",))
    for one in rows.defer("dossier", "grams").order_by("added_at")[: case.most if case else EACH]:
        yield Decision(
            kind="site",
            id=one.pk,
            case_id=None,
            reference="",
            title=_("How does this site behave?"),
            proposed=_("Say what you know; leave it where you do not."),
            reason=_("Hostile and extortionate operators are never written to; the company that hosts them is."),
            options=(
                Option("cooperative", _("Answers requests")),
                Option("hostile", _("Hostile"), "careful"),
                Option("extortionate", _("Asks money for removal"), "careful"),
                Option("publishes", _("Publishes notices it gets"), "careful"),
                Option("doxxes", _("Exposes who complains"), "careful"),
            ),
            blanks=(Blank("why", _("How you know (no case, no name)")),),
            facts=(Fact("site", _("Site"), one.domain), Fact("kind", _("Kind of site"), one.kind)),
            harm=7,
            since=one.added_at,
            mark=mark(one.pk, one.hostility),
        )
