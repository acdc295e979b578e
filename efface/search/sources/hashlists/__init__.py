"""Exchange of fingerprints with platforms' hash lists. Refused: no exchange is agreed with anybody."""

from efface.cases.models import Purpose
from efface.search.sources.contract import Asks, Contract

SOURCE = Asks(
    Contract(
        "hashlists", ("endpoint", "key", "terms"), "fingerprints", Purpose.HASH_LISTS, 0,
        "Each list has its own agreement. Fingerprints would leave the house, only with her consent for it.",
    ),  # fmt: skip
    "no exchange with a hash list is agreed",
)
