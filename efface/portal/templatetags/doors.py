"""How the two doors show things: foreign text without tricks, addresses nobody can click, moments in words."""

from __future__ import annotations

import re
import unicodedata
from datetime import date, datetime
from typing import Any

from django import template
from django.utils import timezone
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import get_language

from efface.engine.base import moments
from efface.engine.base import text as plain_text
from efface.law import load
from efface.law.model import Jurisdiction
from efface.sites import registry

register = template.Library()

#: What may stand in text that a stranger wrote, besides printable characters.
KEPT = {"\n", "\t"}
LONGEST = 20_000
#: A telephone number of more than one group, or with a sign before it.
NUMBER = re.compile(r"([+#*]\d[\d -]*\d|\d+(?:[ -]\d+)+)")


@register.filter
def clean(value: Any) -> str:
    """Foreign text without control, format (bidi overrides, zero width) and private characters, at most 20,000 long.

    Escaping is the template's; the result is not marked safe."""
    text = "" if value is None else str(value)
    text = text.replace("\r\n", "\n").replace("\r", "\n")[:LONGEST]
    if all(line.isprintable() for line in text.split("\n")):
        return text
    return "".join(
        one for one in text if one in KEPT or unicodedata.category(one) not in ("Cc", "Cf", "Co", "Cs", "Cn")
    )


@register.filter
def listed(values: Any, between: str = ", ") -> str:
    """Pieces of foreign text in a row, each as ``clean`` makes it. (``join`` escapes, and is then escaped again.)"""
    return between.join(clean(one) for one in values or ())


@register.filter
def under(held: Any, name: str) -> str:
    """What stands under a name in what was filled in; "" where nothing does."""
    return str((held or {}).get(name, ""))


@register.filter
def defang(value: Any) -> str:
    """An address to read and not to open (``engine.base.text.defang``)."""
    return plain_text.defang(clean(value))


@register.simple_tag
def comma() -> str:
    """What parts two things in a row, in the script of the page."""
    return moments.comma()


@register.filter
def numbers(value: Any) -> SafeString:
    """Our own text with telephone numbers in it: each keeps its order in a text that runs from right to left."""
    parts = NUMBER.split(str(value))
    return format_html_join("", "{}", ((ltr(one) if at % 2 else one,) for at, one in enumerate(parts)))


@register.filter
def ltr(value: Any) -> SafeString:
    """Foreign text that reads from left to right wherever it stands (an address, a number, a code), as a ``bdi``."""
    return format_html('<bdi dir="ltr">{}</bdi>', clean(value))


@register.filter
def when(value: datetime | None) -> SafeString | str:
    """A moment to the minute in the installation's time zone, as a ``time`` element; nothing for None."""
    if value is None:
        return ""
    there = timezone.localtime(value)
    return format_html('<time datetime="{}">{}</time>', there.isoformat(timespec="minutes"), moments.minute(value))


@register.filter
def day(value: date | None) -> SafeString | str:
    """A day, or that of a moment in the installation's time zone, as a ``time`` element; nothing for None."""
    if value is None:
        return ""
    there = timezone.localtime(value).date() if isinstance(value, datetime) else value
    return format_html('<time datetime="{}">{}</time>', there.isoformat(), moments.day(there))


@register.filter
def called(place: Jurisdiction) -> str:
    """A country, or a part of one, as the reader's language calls it."""
    return load().called(place.id, get_language() or "en")


@register.filter
def reads(domain: Any) -> str:
    """How a domain reads to people where that is not how it is written (IDNA); "" where it is."""
    written = str(domain or "")
    shown = registry.reads_as(written)
    return "" if shown == written else clean(shown)


@register.filter
def percent(value: Any) -> int:
    return round(100 * float(value))
