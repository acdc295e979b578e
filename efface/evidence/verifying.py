"""Is a capture what it was when it was made? Reads everything again; changes nothing."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime

from efface.engine.base import objects, sealing, settings
from efface.evidence import custody, stamp, warc
from efface.evidence.models import Capture


@dataclass(frozen=True, slots=True)
class Verified:
    """``problems`` in words, empty when all holds. ``stamped_at`` is what the timestamp swears to, None without one;
    ``signed`` whether its signature was held against the authority's certificate."""

    problems: tuple[str, ...]
    records: int = 0
    stamped_at: datetime | None = None
    signed: bool = False

    def __bool__(self) -> bool:
        return not self.problems


def verify(capture: Capture) -> Verified:
    try:
        data = objects.get(capture.case_id, capture.warc)
    except (objects.ObjectMissing, sealing.SealBroken, sealing.KeyMissing) as error:
        return Verified((f"the file cannot be opened: {type(error).__name__}",))
    problems: list[str] = []
    if hashlib.sha256(data).hexdigest() != capture.warc_sha256 or len(data) != capture.warc_bytes:
        problems.append("the file is not the one that was captured")
    records = 0
    try:
        for record in warc.read(data):
            records += 1
            if record.kind == "response" and record.content_type.startswith(warc.MEDIA_TYPES) and record.length:
                problems.append("the file holds a picture")
    except ValueError as error:
        problems.append(str(error))
    chain = list(capture.custody.order_by("at", "id"))
    if not chain or chain[0].action != "captured":
        problems.append("the chain of custody does not begin with the capture")
    if any(link.sha256 != capture.warc_sha256 for link in chain):
        problems.append("the chain of custody speaks of another file")
    problems += custody.problems(capture.case_id)
    if capture.token is None:
        return Verified(tuple(problems), records)
    try:
        token = objects.get(capture.case_id, capture.token)
        found = stamp.check(token, data, settings.get("tsa_certificate"))
    except (objects.ObjectMissing, sealing.SealBroken, sealing.KeyMissing) as error:
        return Verified((*problems, f"the timestamp cannot be opened: {type(error).__name__}"), records)
    except stamp.StampError as error:
        return Verified((*problems, str(error)), records)
    return Verified(tuple(problems), records, found.at, found.signed)
