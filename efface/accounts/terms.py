"""The kinds of terms on which people are served, as data (``terms.yaml``)."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path

import yaml
from django.utils.translation import gettext_lazy as _

DEFAULT = "survivors"
WORDS = {
    "survivors": _("Survivors, free"), "hardship": _("Hardship, free, no proof asked"),
    "rights": _("NGOs for women's or children's rights, free"), "agency": _("Agencies, on agreed terms"),
    "sliding": _("Sliding scale, from nothing"), "paying": _("Paying clients"),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Terms:
    """``price``: free, agreed (one price a case) or scale (steps of it, the first of which is nothing)."""

    kind: str
    whom: str
    price: str
    proof: str

    @property
    def free(self) -> bool:
        return self.price == "free"


@cache
def kinds() -> dict[str, Terms]:
    """By kind, as the file lists them. Raises ``ValueError`` where the file asks proof or names an unknown price."""
    rows = yaml.safe_load(Path(__file__).with_name("terms.yaml").read_text(encoding="utf-8"))
    made = {kind: Terms(kind, row["for"], row["price"], row["proof"]) for kind, row in rows.items()}
    for one in made.values():
        if one.price not in ("free", "agreed", "scale") or one.proof != "none" or one.kind not in WORDS:
            raise ValueError(f"terms.yaml, {one.kind}: a price is free, agreed or scale, and no proof is asked")
    if not made[DEFAULT].free:
        raise ValueError("terms.yaml: survivors are served free")
    return made
