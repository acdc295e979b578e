"""The machine-readable copy of a notice: XARF v4.

XARF v4 has no type for non-consensual intimate imagery. The nearest honest one is content/exposed_data (personal
information, leaked on purpose); the report says so itself, and carries a tag. Never a picture; addresses only.
Source: the schemas at github.com/xarf/xarf-spec, v4.
"""

from __future__ import annotations

import base64
import hashlib
import uuid
from datetime import UTC
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from efface.takedown.notice import NoticeFacts

VERSION = "4.0.0"
ABOUT = (
    "Intimate imagery of an adult published without consent. XARF v4 has no type for this; exposed_data is "
    "the nearest. The addresses are in the evidence. No imagery is attached, on purpose."
)


def report(facts: NoticeFacts, notice_type: str) -> dict[str, object]:
    """JSON-ready. The same facts give the same ``report_id``, so a repeated hand-over is recognised as one."""
    listed = "\n".join(f"{one.role} {one.url}" for one in facts.locations).encode()
    sender = {
        "org": facts.organisation.name[:200],
        "contact": facts.organisation.email,
        "domain": facts.organisation.domain,
    }
    first = facts.locations[0]
    host = urlsplit(first.url).hostname or ""
    seen = facts.seen or facts.prepared
    synthetic = facts.nature in ("altered", "fully_synthetic")
    return {
        "xarf_version": VERSION,
        "report_id": str(_id(facts, notice_type, listed)),
        "timestamp": seen.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "reporter": sender,
        "sender": sender,
        "source_identifier": first.address or host,
        "source_port": _port(first.url),
        "category": "content",
        "type": "exposed_data",
        "url": first.url,
        "domain": host,
        "data_types": ["personal_information", "other"],
        "exposure_method": "intentional_leak",
        "accessibility": "public",
        "verified_at": seen.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "discovery_source": "user_report",
        "evidence_source": "user_report",
        "evidence": [
            {
                "content_type": "text/plain",
                "description": "The addresses, one a line, each after what stands there",
                "payload": base64.b64encode(listed).decode("ascii"),
                "hash": f"sha256:{hashlib.sha256(listed).hexdigest()}",
                "size": len(listed),
            }
        ],
        "tags": ["ncii:adult", "ncii:synthetic"] if synthetic else ["ncii:adult"],
        "description": ABOUT,
    }


def _port(url: str) -> int:
    parts = urlsplit(url)
    return parts.port or (443 if parts.scheme == "https" else 80)


def _id(facts: NoticeFacts, notice_type: str, listed: bytes) -> uuid.UUID:
    """XARF wants a version 4 UUID; this one is made from the content, with the version bits set."""
    seed = "\0".join((facts.reference, notice_type, facts.recipient)).encode() + b"\0" + listed
    return uuid.UUID(bytes=hashlib.sha256(seed).digest()[:16], version=4)
