"""What can be seen of a site that tells who runs it, and how much it tells where two sites have it in common.

Weights are log-odds (natural logarithm) for a value that two sites hold; starting values, to be fitted again once
enough pairs were reviewed. ``copied``: it comes along with copied code, or anybody can put it on their own pages: it
frames another as easily as it tells.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Family = Literal["media", "ids", "contact", "certificate", "links", "look", "infrastructure"]
FAMILIES: tuple[Family, ...] = ("media", "ids", "contact", "certificate", "links", "look", "infrastructure")

WITNESS: dict[str, str] = {"certificate": "machine", "infrastructure": "machine"}


@dataclass(frozen=True, slots=True)
class Kind:
    family: Family
    weight: float
    copied: bool
    words: str

    @property
    def witness(self) -> str:
        """Families that speak for themselves: certificate and machine are often one hoster's or one CDN's."""
        return WITNESS.get(self.family, self.family)

    @property
    def weak(self) -> bool:
        """Too common by nature to start anything: it only adds to what else was found."""
        return self.weight < 1.5


KINDS: dict[str, Kind] = {
    "ga": Kind("ids", 4.5, True, "the same Google Analytics id"),
    "gtm": Kind("ids", 4.5, True, "the same Tag Manager id"),
    "adsense": Kind("ids", 4.5, True, "the same AdSense account"),
    "yandex": Kind("ids", 4.5, True, "the same Yandex Metrica id"),
    "adzone": Kind("ids", 4.5, True, "the same account at an advertising network"),
    "seller": Kind("ids", 4.5, True, "the same seller in ads.txt"),
    "verification": Kind("ids", 4.5, True, "the same site verification"),
    "email": Kind("contact", 4.5, True, "the same mail address"),
    "telegram": Kind("contact", 4.5, True, "the same Telegram account"),
    "wallet": Kind("contact", 4.5, True, "the same wallet"),
    "payment": Kind("contact", 4.5, True, "the same payment link"),
    "certificate": Kind("certificate", 4.0, False, "named in one certificate"),
    "certkey": Kind("certificate", 4.0, False, "the same certificate key"),
    "redirect": Kind("links", 3.0, True, "one forwards to the other, or both to a third"),
    "canonical": Kind("links", 3.0, True, "pages say that their original is on the same site"),
    "hreflang": Kind("links", 3.0, True, "said to be the same pages in another language"),
    "hub": Kind("links", 3.0, True, "pages lead to the same other site"),
    "imagehost": Kind("links", 3.0, True, "pictures come from the same folder of the same host"),
    "favicon": Kind("look", 2.2, True, "the same icon"),
    "logo": Kind("look", 2.2, True, "the same logo"),
    "ip": Kind("infrastructure", 2.0, False, "the same address on the network"),
    "ns": Kind("infrastructure", 0.8, False, "the same pair of name servers"),
    "regday": Kind("infrastructure", 0.8, False, "registered on one day at the same registrar"),
    "dom": Kind("look", 0.6, True, "pages built alike"),
}
GALLERY = Kind("media", 2.2, False, "the same albums")
"""Weight of one album that hardly any other site has; the sum over albums counts, not the number of pictures."""


def kind_of(value: str) -> Kind:
    """Of a value in the form "kind:value". Raises ``KeyError`` for a kind that is not known."""
    return KINDS[value.partition(":")[0]]
