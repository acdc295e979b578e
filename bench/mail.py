"""How well mails that came back are understood.

``bounces``: a folder ``bounce/`` with delivery reports and a folder ``other/`` with ordinary mail (or ``.eml`` files
side by side, which then all count as bounces). Recognised: called a bounce, a delay or a feedback report. The failed
address counts as found where it is one that the report's own fields name (Final-Recipient, Original-Recipient,
X-Failed-Recipients); reports without such fields have no truth here and are not counted.
"""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path
from typing import Any

from efface.net.decoder.mail import read_mail
from efface.takedown.classify import classify

REPORTS = frozenset({"bounce", "delay", "feedback-report"})
_FIELDS = re.compile(
    rb"^(?:final-recipient|original-recipient):[ \t]*(?:[\w/-]+[ \t]*;)?[ \t]*<?([^\s<>;,]+@[^\s<>;,]+)"
    rb"|^x-failed-recipients:[ \t]*([^\r\n]+(?:\r?\n[ \t][^\r\n]+){0,100})", re.IGNORECASE | re.MULTILINE,
)  # fmt: skip


def measure(folder: Path) -> dict[str, Any]:
    """Figures of a folder of mails. Raises ``ValueError`` where there are none."""
    inside = folder / "bounce"
    bounces = sorted((inside if inside.is_dir() else folder).glob("*.eml"))
    others = sorted((folder / "other").glob("*.eml"))
    if not bounces and not others:
        raise ValueError(f"{folder} holds no .eml files, neither itself nor in bounce/ and other/.")
    kinds: Counter[str] = Counter()
    with_address = right = temporary = 0
    missed: list[str] = []
    for file in bounces:
        data = file.read_bytes()
        found = classify(read_mail(data))
        kinds[found.kind] += 1
        if found.kind not in REPORTS:
            missed.append(file.name)
            continue
        temporary += found.kind == "delay"
        truth = addresses(data)
        if truth and found.kind != "feedback-report":
            with_address += 1
            right += found.address in truth
    called = [file.name for file in others if classify(read_mail(file.read_bytes())).kind in REPORTS]
    recognised = len(bounces) - len(missed)
    return {
        "bounces": len(bounces),
        "recognised": recognised,
        "recognised_share": round(recognised / len(bounces), 4) if bounces else None,
        "temporary": temporary,
        "others": len(others),
        "others_called_bounce": len(called),
        "address_found": round(right / with_address, 4) if with_address else None,
        "addresses": {"with_truth": with_address, "right": right},
        "kinds": dict(sorted(kinds.items())),
        "missed": missed[:50],
        "called_bounce": called[:50],
    }


def addresses(data: bytes) -> set[str]:
    """The addresses that failed, as the report's fields say."""
    return {
        one.decode("ascii", "replace").lower().strip(" .,<>\r\n\t")
        for pair in _FIELDS.findall(data)
        for one in [pair[0], *pair[1].split(b",")]
        if b"@" in one
    }


def corpus(half: str) -> dict[str, Any]:
    """The replies of the repository's own corpus (``bench/replies``), ``half`` "open" (developed on) or "kept".

    Covered: sure enough to need nobody, or rightly given to a person as "other" (``coverage_strict`` does not count the
    latter). Wrong removed: called a removal, sure
    enough, and none."""
    from bench.replies import mail, ordinary, replies

    covered = strict = correct = removed = count = 0
    confusion: Counter[str] = Counter()
    for entry in replies(half):
        found = classify(read_mail(mail(entry)))
        count += 1
        strict += not found.needs_person
        if found.needs_person and not found.kind == entry.kind == "other":
            continue
        covered += 1
        correct += found.kind == entry.kind
        removed += found.kind == "claims-removal" != entry.kind
        if found.kind != entry.kind:
            confusion[f"{entry.kind} > {found.kind}"] += 1
    others = [classify(read_mail(mail(one))).kind in REPORTS for one in ordinary(half)]
    return {
        "n": count, "coverage": round(covered / count, 4),
        "coverage_strict": round(strict / count, 4), "correct": round(correct / max(1, covered), 4),
        "wrong_removed": removed, "confusion": dict(confusion.most_common()), "ordinary": len(others),
        "ordinary_called_bounce": sum(others),
    }  # fmt: skip
