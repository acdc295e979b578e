"""Hash records in the form of StopNCII.org's exchange for companies: JSON, PDQ for pictures, MD5 for videos."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from efface.partners.exchange.contract import Adapter, Row, Unreadable

KINDS = {"ImagePDQ": ("pdq", 64), "VideoMD5": ("md5", 32)}
GONE = ("Withdrawn", "Deleted")
MOST = 1_000_000


def read(data: bytes) -> list[Row]:
    """Records of kinds we do not hold are left out; a broken one is an error."""
    try:
        records: Any = json.loads(data)["hashRecords"]
    except (ValueError, KeyError, TypeError, RecursionError):
        raise Unreadable("the file is not JSON with hashRecords") from None
    if not isinstance(records, list) or len(records) > MOST:
        raise Unreadable("hashRecords is not a list, or too long")
    return [row for number, one in enumerate(records, 1) if (row := _row(number, one)) is not None]


def _row(number: int, one: Any) -> Row | None:
    if not isinstance(one, dict):
        raise Unreadable(f"record {number} is no object")
    kind, digits = KINDS.get(str(one.get("signalType")), ("", 0))
    if not kind:
        return None
    value, stamp = one.get("hashValue"), one.get("lastModtimestamp")
    if not isinstance(value, str) or not re.fullmatch(rf"[0-9a-fA-F]{{{digits}}}", value):
        raise Unreadable(f"record {number} has no {kind} hash")
    if isinstance(stamp, bool) or not isinstance(stamp, int) or not 0 <= stamp < 2**34:
        raise Unreadable(f"record {number} has no time")
    return Row(kind, value.lower(), datetime.fromtimestamp(stamp, UTC), one.get("hashStatus") not in GONE)


def write(rows: Sequence[Row]) -> bytes:
    back = {kind: name for name, (kind, _digits) in KINDS.items()}
    records = [
        {
            "lastModtimestamp": int(row.at.timestamp()), "signalType": back[row.kind], "hashValue": row.value,
            "hashStatus": "Active" if row.active else "Withdrawn",
            "CSPFeedbacks": [{"feedbackValue": "None", "tags": []}],
        }
        for row in rows
    ]  # fmt: skip
    return json.dumps({"count": len(records), "hashRecords": records}, indent=1).encode("ascii") + b"\n"


ADAPTER = Adapter("stopncii", "StopNCII.org", ("pdq", "md5"), read, write)
