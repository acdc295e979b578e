"""``python -m efface.whereabouts.fetcher``: the fetcher process with the look-ups of this room added."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

from efface.net.fetcher import main as run
from efface.net.protocol import WhereaboutsRequest

FACTS = "--facts"


def main(argv: Sequence[str] | None = None) -> int:
    """The fetcher's exit status. ``--facts FOLDER`` is ours: refreshed snapshots, read before the file system is given
    up; the rest of the command line is the fetcher's."""
    from efface.whereabouts import snapshots, whois, whois_words
    from efface.whereabouts.lookup import lookup
    from efface.whereabouts.refresh import SnapshotRequest, fetch

    given = list(sys.argv[1:] if argv is None else argv)
    if FACTS in given[:-1]:
        at = given.index(FACTS)
        snapshots.use(Path(given[at + 1]))
        del given[at : at + 2]
    snapshots.preload()
    whois.known_servers()
    whois_words.preload()
    return run(given, {"whereabouts": (WhereaboutsRequest, lookup), "snapshot": (SnapshotRequest, fetch)})


if __name__ == "__main__":
    sys.exit(main())
