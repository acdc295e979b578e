"""In which languages the house writes to the public and to customers: reports and invoices."""

from __future__ import annotations

from efface.accounts.models import Organisation

NAMES = {"en": "English", "de": "Deutsch"}
_GERMAN = ("DE", "AT", "LI")


def chosen(asked: str, organisation: Organisation) -> str:
    """``asked`` where it is one of them, else the language of the organisation's country. It never follows the reader's
    browser: a page that caches keep, and a document that is sent on, are the same for everybody."""
    return asked if asked in NAMES else "de" if organisation.country in _GERMAN else "en"
