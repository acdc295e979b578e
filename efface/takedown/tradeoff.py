"""What a faster or surer way costs, in words: said beside the plan, so that nobody buys speed without knowing the
price. Pure."""

from __future__ import annotations

from collections.abc import Iterable

from efface.law import Law
from efface.takedown.choosing import Way
from efface.takedown.lacking import TRAVELS
from efface.takedown.odds import Odds

NOTABLE = 0.1
"""A share that differs by less is not spoken of."""


def said(chosen: Way, others: Iterable[Way], law: Law) -> tuple[str, ...]:
    """Sentences on how the way taken compares with the others to the same party."""
    lines = []
    if TRAVELS.index(chosen.exposure) >= TRAVELS.index("uploader_possible"):
        lines.append(f"This way {TELLS[chosen.exposure]}.")
    for one in others:
        line = _against(chosen, one, law)
        if line:
            lines.append(line)
    return tuple(lines)


def _against(chosen: Way, one: Way, law: Law) -> str:
    farther = TRAVELS.index(one.exposure) - TRAVELS.index(chosen.exposure)
    gain = one.odds.share - chosen.odds.share if one.odds.speaks else 0.0
    faster = one.odds.speaks and one.odds.hours > 0 and (not chosen.odds.hours or one.odds.hours < chosen.odds.hours)
    works = gain >= NOTABLE or (faster and gain > -NOTABLE)
    copyright = one.notice_type == "us_dmca_512c"
    if farther > 0 and (works or copyright):
        if copyright and not one.odds.speaks:
            why = "Platforms often act on copyright notices within days where other reports stay unanswered"
        else:
            why = f"It worked {figures(one.odds)}"
        closed = any(need.kind == "exposure" for need in one.needs)
        end = "It is taken only if she allows it." if closed else "She allows that; you choose."
        rule = f" {_sentence(law.rule('R3_owner').why)}" if copyright else ""
        if any(need.ask == "pressed_shutter" for need in one.needs):
            rule += " It is hers only if she pressed the shutter: ask her."
        return f"Instead: {one.name}. {why}, but it {TELLS[one.exposure]}.{rule} {end}"
    if farther < 0 and not any(need.kind in ("fact", "text") for need in one.needs):
        cost = f" It worked {figures(one.odds)}." if one.odds.speaks else ""
        return f"More careful: {one.name}. It {TELLS[one.exposure]}.{cost}"
    if farther <= 0 and works:
        return f"Also open: {one.name}. It worked {figures(one.odds)} and exposes no more."
    return ""


TELLS = {
    "none": "tells nobody",
    "recipient_only": "tells the recipient alone",
    "uploader_possible": "may let whoever uploaded it know that somebody objects",
    "public_possible": "may be published, or become part of a public file",
}


def figures(one: Odds) -> str:
    """"7 of 10 times (40% to 89%), half of them within 26 hours"."""
    words = f"{one.removed} of {one.n} times ({one.low:.0%} to {one.high:.0%})"
    return f"{words}, half of them within {one.hours:.0f} hours" if one.hours else words


def _sentence(words: str) -> str:
    return words[:1].upper() + words[1:].rstrip(".") + "."
