"""What an SMTP refusal says (RFC 5321, RFC 3463): of the mailbox, of our message, or of us. Pure."""

from __future__ import annotations

import re
from typing import Literal

Says = Literal["full", "rate", "soft", "sender", "policy", "hard"]
_ENHANCED = re.compile(r"\b([245])\.(\d{1,3})\.(\d{1,3})\b")
_RATE = re.compile(
    r"rate.?limit|too many|throttl|try again later.*(connection|message)|(exceed|reached).{0,30}limit"
    r"|quota of messages|temporarily (deferred|rejected)|unusual rate|slow down|greylist|grey-list",
    re.IGNORECASE,
)
_SENDER = re.compile(
    r"\bspf\b|\bdkim\b|\bdmarc\b|block.?list|black.?list|\brbl\b|\bdnsbl\b|spamhaus|reputation|your (ip|server|domain)"
    r"|poor sender|not authenticated|unauthenticated",
    re.IGNORECASE,
)


def read(code: int, text: str) -> Says:
    """``full``: the mailbox. ``rate``: we write too fast, or are unknown yet; slower is right. ``soft``: later.
    ``sender``: they do not take mail from us, whoever is written to. ``policy``: not this message. ``hard``: there is
    no such mailbox."""
    found = _ENHANCED.search(text)
    subject, detail = (found.group(2), found.group(3)) if found else ("", "")
    if (subject, detail) == ("2", "2") or code == 552:
        return "full"
    if code < 500:
        return "rate" if code == 421 or subject == "7" or _RATE.search(text) else "soft"
    if subject == "7" or code == 554:
        return "sender" if detail in ("20", "21", "22", "23", "25", "26") or _SENDER.search(text) else "policy"
    return "hard"
