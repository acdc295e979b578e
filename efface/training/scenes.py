"""The invented cases, one scene for each exercise: what lies on the desk when it begins.

A scene writes its rows and returns the names under which the exercise speaks of them. Names of people are letters.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable
from datetime import timedelta

from efface.cases import events, holds, knowing, notes, reaching
from efface.cases.models import Case, Purpose, Telling
from efface.search.models import FindingState
from efface.sites.models import Membership, Network, Site
from efface.takedown import four_eyes, scope
from efface.takedown.models import FirstWord, Notice
from efface.training import parts
from efface.training.parts import Stage

Names = dict[str, uuid.UUID]
Scene = Callable[[Stage], Names]
SISTERS = 5
"""Sites of one operator in the scene of the batch."""


def urgent(stage: Stage) -> Names:
    """Opened by herself, afraid; beside it something that can wait."""
    row = parts.case(stage, mine=False, days=0.02, allows=(), by_herself=True, danger=True)
    Case.objects.filter(pk=row.pk).update(alarm_at=stage.ago(hours=0.4))
    for name, value in (("safe_now", "no"), ("device", "feared"), ("own_words", "He found out that I asked for help.")):
        knowing.note(row, name, value, "survivor", stage.ago(hours=0.4))
    other = parts.case(stage, days=9)
    parts.says(stage, other, "Thank you for the news. No hurry, I only wanted to ask how long it takes usually.")
    return {"case": row.pk, "other": other.pk}


def face(stage: Stage) -> Names:
    row = parts.case(stage, attested=True, allows=(*parts.USUAL, Purpose.FACE_SEARCH))
    met = parts.match(stage, row, parts.site(stage, "harbour-forum"), kind="face", score=0.57, strong=False)
    return {"case": row.pk, "match": met.pk}


def unsure(stage: Stage) -> Names:
    """A copy that is near, but not near enough: here a look would be offered."""
    row = parts.case(stage)
    own = parts.fingerprint(stage, row, parts.pdq(stage.draw))
    met = parts.match(stage, row, parts.site(stage, "snapshots"), score=29, strong=False, print_of=own)
    return {"case": row.pk, "match": met.pk}


def batch(stage: Stage) -> Names:
    """The same picture on sites of one operator."""
    row = parts.case(stage)
    own = parts.fingerprint(stage, row, parts.pdq(stage.draw))
    network, _made = Network.objects.get_or_create(
        name=f"Training {stage.mark}", defaults={"reason": "Invented for an exercise.", "created": stage.ago(60)}
    )
    names: Names = {"case": row.pk, "network": network.pk}
    for number in range(SISTERS):
        one = parts.site(stage, f"mirror-{number + 1}", network=network)
        Membership.objects.get_or_create(
            site=one, until=None,
            defaults={"network": network, "same": f"training-{stage.mark}", "since": stage.ago(60)},
        )  # fmt: skip
        names[f"match{number}"] = parts.match(stage, row, one, score=2, print_of=own).pk
    return names


def undo(stage: Stage) -> Names:
    row = parts.case(stage)
    own = parts.fingerprint(stage, row, parts.pdq(stage.draw))
    met = parts.match(stage, row, parts.site(stage, "clips"), score=6, print_of=own)
    return {"case": row.pk, "match": met.pk}


def second(stage: Stage) -> Names:
    """A first notice that a colleague has read already."""
    row = parts.case(stage)
    made = parts.notice(stage, parts.finding(stage, row, parts.site(stage, "pictures")))
    colleague = stage.colleague
    four_eyes.switch(row.organisation_id, True, colleague, f"lead:{colleague.pk}", stage.ago(1))
    FirstWord.objects.create(
        organisation_id=row.organisation_id, **scope.of(made), notice=made, shown=four_eyes.shown(made), by=colleague,
        at=stage.ago(hours=5),
    )  # fmt: skip
    return {"case": row.pk, "notice": made.pk}


def wrong(stage: Stage) -> Names:
    """A notice planned to her employer, who came up in a look-up."""
    row = parts.case(stage)
    employer = stage.domain("harbour-freight")
    about = parts.finding(stage, row, parts.site(stage, "gallery"))
    made = parts.notice(
        stage, about, role="upstream", party="Harbour Freight", contact=f"office@{employer}",
        why="Its name stands in the record of the network.", learns="that she asks for a removal, and the page",
    )  # fmt: skip
    said = f"On the telephone: she works at Harbour Freight ({employer}). Nobody there may ever hear of this."
    notes.write(row, said, stage.colleague, stage.ago(2))
    return {"case": row.pk, "notice": made.pk}


def claim(stage: Stage) -> Names:
    """“Removed”, they write; the last check says otherwise."""
    row = parts.case(stage)
    about = parts.finding(stage, row, parts.site(stage, "tube"))
    parts.check(stage, about, "live", "The page still serves the picture.", hours=1)
    made = parts.notice(stage, about, state=Notice.State.SENT, days=3)
    answer = parts.reply(
        stage, made, "Hello,\n\nwe took care of it some time ago. Please close the case on your side.\n\nDesk",
        kind="claims_removal", confidence=0.55, because="we took care of it",
    )  # fmt: skip
    return {"case": row.pk, "finding": about.pk, "reply": answer.pk}


def identity(stage: Stage) -> Names:
    """A desk that wants a passport before it does anything."""
    row = parts.case(stage)
    made = parts.notice(stage, parts.finding(stage, row, parts.site(stage, "board")), state=Notice.State.SENT, days=2)
    answer = parts.reply(
        stage, made, "We cannot process this. Send a scan of her passport and a selfie of her holding it.",
        kind="refuses", confidence=0.5, because="We cannot process this.",
    )  # fmt: skip
    return {"case": row.pk, "reply": answer.pk}


def gone(stage: Stage) -> Names:
    """Live, then no answer from the site: nobody knows."""
    row = parts.case(stage)
    about = parts.finding(stage, row, parts.site(stage, "albums"), state=FindingState.CONFLICT)
    parts.check(stage, about, "live", "The page still serves the picture.", days=2)
    parts.check(stage, about, "gone-provisional", "The page says that it is not there.", days=1)
    parts.check(stage, about, "unreachable", "The site gave no answer, nor did its front page.", hours=2)
    return {"case": row.pk, "finding": about.pk}


def contact(stage: Stage) -> Names:
    """She is to be rung; somebody else picks up."""
    row = parts.case(stage)
    held = reaching.Rules(
        channel=reaching.PHONE, to="+49 30 5550000", from_hour=0, to_hour=0, words="reminder", reader="maybe",
    )  # fmt: skip
    reaching.set_rules(row, held, "survivor", stage.ago(5))
    told = Telling.objects.create(
        organisation_id=row.organisation_id, case=row, occasion="message", subject=row.pk, key=f"training:{row.pk}",
        at=stage.ago(hours=3), channel=reaching.PHONE, state=Telling.State.HAND, due=stage.ago(hours=2),
    )  # fmt: skip
    return {"case": row.pk, "telling": told.pk}


def extortion(stage: Stage) -> Names:
    row = parts.case(stage, acquisition="sextortion", days=0.2)
    parts.says(
        stage, row,
        "Somebody calling himself @midnight.harbour.77 wrote to me on a chat app. He says I have to pay 400 EUR until "
        "Friday 18:00, or everybody I know gets the pictures. I have not answered yet.", hours=1,
    )  # fmt: skip
    return {"case": row.pk}


def minor(stage: Stage) -> Names:
    """Opened as an adult's; then she says how old she was."""
    row = parts.case(stage, days=3)
    own = parts.fingerprint(stage, row, parts.pdq(stage.draw))
    met = parts.match(stage, row, parts.site(stage, "imageboard"), print_of=own)
    parts.says(stage, row, "I should have said it at the beginning. I am 19 now, but I was sixteen in these pictures.")
    return {"case": row.pk, "match": met.pk}


def hold(stage: Stage) -> Names:
    """The police asked that nobody is warned."""
    row = parts.case(stage)
    parts.notice(stage, parts.finding(stage, row, parts.site(stage, "locker")), days=2)
    placed = holds.place(
        row, reason="Evidence is being secured at the host; nobody may be warned.", owner="Example police, desk 4",
        ends=stage.now + timedelta(days=5), actor="lead:training", now=stage.ago(1),
    )  # fmt: skip
    parts.says(stage, row, "Why has nobody written to that site yet? It has been a whole day.")
    return {"case": row.pk, "hold": placed.pk}


def handover(stage: Stage) -> Names:
    row = parts.case(stage)
    parts.says(stage, row, "I will be on the phone from Monday. Is it still you that I talk to then?")
    return {"case": row.pk}


def police(stage: Stage) -> Names:
    row = parts.case(stage, days=6)
    parts.says(stage, row, "He has my new address. He wrote that he comes tonight and that I will be sorry.", hours=0.3)
    return {"case": row.pk}


def pack(stage: Stage) -> Names:
    row = parts.case(stage, allows=(*parts.USUAL, Purpose.POLICE))
    about = parts.finding(stage, row, parts.site(stage, "archive"))
    parts.check(stage, about, "live", "The page still serves the picture.", hours=4)
    return {"case": row.pk, "finding": about.pk}


def bounced(stage: Stage) -> Names:
    """The only address came back, and nobody else is planned."""
    row = parts.case(stage)
    about = parts.finding(stage, row, parts.site(stage, "mirror-host"))
    made = parts.notice(stage, about, state=Notice.State.BOUNCED, days=2)
    Notice.objects.filter(pk=made.pk).update(state_why="550 no such user")
    events.record(row, "notice.bounced", parts.ENGINE, subject=made.pk, now=stage.ago(1), code=550)
    events.record(row, "finding.exhausted", parts.ENGINE, subject=about.pk, now=stage.ago(1))
    return {"case": row.pk, "finding": about.pk}


def returned(stage: Stage) -> Names:
    """What had gone stands on the same site again."""
    row = parts.case(stage, days=60)
    own = parts.fingerprint(stage, row, parts.pdq(stage.draw))
    on = parts.site(stage, "reposts")
    parts.finding(stage, row, on, state=FindingState.GONE_CONFIRMED, days=40, print_of=own)
    met = parts.match(stage, row, on, score=4, print_of=own, came_back=True)
    return {"case": row.pk, "match": met.pk}


def hostile(stage: Stage) -> Names:
    row = parts.case(stage)
    on = parts.site(stage, "pay-and-forget", hostility=Site.Hostility.UNKNOWN)
    parts.finding(stage, row, on)
    parts.says(stage, row, "Their page says that they delete my pictures within an hour for 250 dollars.")
    return {"case": row.pk, "site": on.pk}


def avoided(stage: Stage) -> Names:
    """She says by message who must never hear of it."""
    row = parts.case(stage)
    parts.says(
        stage, row,
        f"Please never write to anybody at {stage.domain('northside-school')}. My brother works there, and he must not "
        "know.",
    )  # fmt: skip
    return {"case": row.pk}


SCENES: dict[str, Scene] = {
    "urgent": urgent, "face": face, "look": unsure, "batch": batch, "undo": undo, "second": second, "wrong": wrong,
    "claim": claim, "identity": identity, "gone": gone, "contact": contact, "avoided": avoided, "extortion": extortion,
    "minor": minor, "hold": hold, "handover": handover, "police": police, "pack": pack, "bounced": bounced,
    "returned": returned, "hostile": hostile,
}  # fmt: skip
