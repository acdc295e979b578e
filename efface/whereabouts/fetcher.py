"""``python -m efface.whereabouts.fetcher``: the fetcher process with the look-ups of this room added."""

from __future__ import annotations

import sys
from collections.abc import Sequence

from efface.net.fetcher import main as run
from efface.net.protocol import WhereaboutsRequest


def main(argv: Sequence[str] | None = None) -> int:
    """The fetcher's exit status."""
    from efface.whereabouts.lookup import lookup

    return run(argv, {"whereabouts": (WhereaboutsRequest, lookup)})


if __name__ == "__main__":
    sys.exit(main())
