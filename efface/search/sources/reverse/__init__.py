"""Search by picture. No service is built in: each would get a picture of her, or a template made of it."""

from efface.cases.models import Purpose
from efface.search.sources.contract import Asks, Contract

SOURCE = Asks(
    Contract(
        "reverse", ("endpoint", "terms"), "pictures", Purpose.HASH_MATCH, 0,
        "Refused unless a coordinator records the terms that allow it; and no picture is kept that could be sent.",
    ),  # fmt: skip
    "no service for search by picture is built in",
)
