"""A draft in the shape of a CyberTipline report, to be read, completed and handed in by a person. It is never sent from
here. Addresses only: no picture, no name, no copy. Pure.

Names, their order, which is an attribute and how long each may be: NCMEC's public documentation of its reporting API
(report.cybertip.org/ispws/documentation), compared with four open clients of it in November 2026. Not verified against
the live service: its schema (``/xsd``) and its answers are open to registered reporters alone.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from xml.etree import ElementTree

SCHEMA = "https://report.cybertip.org/ispws/xsd"
XSI = "http://www.w3.org/2001/XMLSchema-instance"
MATERIAL = "Child Pornography (possession, manufacture, and distribution)"
ENTICEMENT = "Online Enticement of Children for Sexual Acts"
"""The schema's own words for the type of incident."""
MOST_WORDS, MOST_URL = 3000, 2083
"""Characters that a text and an address may have there."""
ATTRIBUTE = "@"
"""What a name begins with that is an attribute in XML."""


@dataclass(frozen=True, slots=True)
class Draft:
    """``at`` with its offset; ``urls`` of pages; ``email`` of the desk that reports, never hers; ``urgent``: why it
    cannot wait, "" where it can."""

    at: datetime
    urls: Sequence[str]
    organisation: str
    email: str
    reference: str
    extortion: bool = False
    urgent: str = ""


def as_data(draft: Draft) -> dict[str, object]:
    """The report by its element names, in the order of the schema. Addresses longer than it takes are left out and
    counted."""
    summary: dict[str, object] = {"incidentType": ENTICEMENT if draft.extortion else MATERIAL}
    if draft.urgent:
        summary["escalateToHighPriority"] = draft.urgent[:MOST_WORDS]
    if draft.extortion:
        summary["reportAnnotations"] = {"sextortion": ""}
    urls = [url for url in draft.urls if len(url) <= MOST_URL]
    left = len(draft.urls) - len(urls)
    summary["incidentDateTime"] = draft.at.isoformat(timespec="seconds")
    summary["incidentDateTimeDescription"] = "first confirmed by the reporting organisation"
    return {
        "incidentSummary": summary,
        "internetDetails": [{"webPageIncident": {ATTRIBUTE + "thirdPartyHostedContent": True, "url": urls}}],
        "reporter": {"reportingPerson": {"firstName": draft.organisation, "email": draft.email}},
        "additionalInfo": (
            f"Reported by {draft.organisation}, reference {draft.reference}. The reporting organisation keeps no "
            "picture or video and attaches none. Addresses were not opened by a person."
            + (f" {left} more addresses are too long for this form: ask for them." if left else "")
        ),
    }


def as_json(draft: Draft) -> str:
    return json.dumps({"report": as_data(draft)}, indent=2, ensure_ascii=False) + "\n"


def as_xml(draft: Draft) -> str:
    ElementTree.register_namespace("xsi", XSI)
    root = ElementTree.Element("report", {f"{{{XSI}}}noNamespaceSchemaLocation": SCHEMA})
    for name, value in as_data(draft).items():
        _put(root, name, value)
    ElementTree.indent(root)
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + ElementTree.tostring(root, encoding="unicode") + "\n"


def _put(under: ElementTree.Element, name: str, value: object) -> None:
    if isinstance(value, list):
        # One element of the name for each, as the schema has it.
        for one in value:
            _put(under, name, one)
        return
    if name.startswith(ATTRIBUTE):
        under.set(name.removeprefix(ATTRIBUTE), _text(value))
        return
    made = ElementTree.SubElement(under, name)
    if isinstance(value, dict):
        for inner, content in value.items():
            _put(made, inner, content)
    else:
        made.text = _text(value) or None


def _text(value: object) -> str:
    text = ("true" if value else "false") if isinstance(value, bool) else str(value)
    return "".join(sign for sign in text if sign >= " " or sign in "\t\n")
