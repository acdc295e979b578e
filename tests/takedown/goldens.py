"""The golden notices: one file a lawyer can read for each type and language, ``golden/<type>.<language>.txt``.

``python -m tests.takedown.goldens [LANGUAGE]`` writes them anew; read what changed before you commit it.
"""

import sys
from pathlib import Path

from efface.law import load
from efface.takedown.notice import Draft, draft
from efface.takedown.templates import languages
from tests.takedown.notice_facts import BACK, complete

HOME = Path(__file__).parent / "golden"
AGAIN = ("us_tida", "eu_dsa_art16", "generic_host_abuse", "search_google")
"""Types whose text is kept a second time for material that is made up and came back."""
WRITTEN = [(type, language) for type in sorted(load().notices) for language in sorted(languages(type))]


def name(type: str, language: str, again: bool = False) -> str:
    return f"{type}.{language}.{'returned.' if again else ''}txt"


def made(type: str, language: str, again: bool = False) -> Draft:
    return draft(type, complete(type, **(BACK if again else {})), language, to_read=True)


def text(found: Draft) -> str:
    """The notice as a person reads it; for a form the prepared answers after it."""
    parts = [f"Subject: {found.subject}", "", found.text]
    if found.form and not any(one.field == "message" for one in found.answers):
        parts.append("-- Answers, field by field --")
        for one in found.answers:
            parts += ["", f"{one.label} [{one.field}]", *(f"  {line}".rstrip() for line in one.value.split("\n"))]
        parts.append("")
    return "\n".join(parts)


def wanted() -> list[tuple[str, str, bool]]:
    plain = [(type, language, False) for type, language in WRITTEN]
    return plain + [(type, language, True) for type, language in WRITTEN if type in AGAIN]


def main(only: str = "") -> None:
    HOME.mkdir(exist_ok=True)
    kept = {name(*one) for one in wanted()}
    for path in HOME.glob("*.txt"):
        if path.name not in kept:
            path.unlink()
    for type, language, again in wanted():
        if only in ("", language):
            (HOME / name(type, language, again)).write_text(text(made(type, language, again)), encoding="utf-8")


if __name__ == "__main__":
    main(*sys.argv[1:2])
