"""What carrying out a sweep costs for a page, on a sample: a world on loopback is crawled, and everything in it is met
again for a face, with the processes that ``efface up`` starts. A process of its own, for it makes an installation."""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

SITES, LATER = 14, timedelta(hours=6)
NOTE = (
    "processor seconds of all processes, for pages of a sample on loopback whose full media are met again for one "
    "face; multiplied by the pages of the sweep. The pictures are made up, small, and show no face: real ones cost more"
)
_MARK = """
    UPDATE search_frontier SET sweep = true, due_at = %(at)s, priority = 35
    WHERE wall = '' AND digest IN (SELECT page_digest FROM search_sighting WHERE link_digest IS NULL AND role = 'media')
"""


class CannotCarry(RuntimeError):
    """The sample could not be swept; the message says what its process said."""


def measure(seed: int, models: Path | None, tell: Callable[[str], None]) -> dict[str, Any]:
    """Processor seconds and pages of the sample, in a process of its own. Raises ``CannotCarry``."""
    command = [sys.executable, "-m", "bench.crawl.carried", "--seed", str(seed)]
    command += ["--models", str(models)] if models else []
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("EFFACE_", "DJANGO_"))}
    done = subprocess.run(
        command, capture_output=True, text=True, check=False, env=environment, cwd=Path(__file__).parents[2]
    )  # fmt: skip
    if done.returncode:
        raise CannotCarry(f"a sweep could not be carried out on loopback:\n{done.stderr[-2000:]}")
    found: dict[str, Any] = json.loads(done.stdout)
    tell(f"a sweep carried out: {found['pages']} pages, {found['media']} media in {found['cpu_s']} processor seconds")
    return found


def sample(seed: int, models: Path | None) -> dict[str, Any]:
    from bench.crawl.ours import OPENS, crawling
    from efface.engine.base import database
    from testbed.demo.world import World
    from testbed.world import generate

    with tempfile.TemporaryDirectory(prefix="efface-bench-") as name:
        base = Path(name)
        base.chmod(0o711)
        generate(seed, SITES, 3, None, 30, base / "world")
        world = World(base / "world", "127.0.0.1:1")
        try:
            consents = ("hash_match", "face_search")
            with crawling(base / "one", world, world.ready["seeds"], models, consents=consents) as bench:
                bench.crawl(world.start + OPENS + timedelta(seconds=1))
                assert bench.server is not None
                at = world.start + OPENS + LATER
                with bench.server.connect(database.NAME) as raw:
                    raw.execute("UPDATE search_media SET faces = 0, faces_seen = false")
                    marked = raw.execute(_MARK, {"at": at}).rowcount
                    raw.execute(
                        "UPDATE engine_deadline SET due = %s, state = 'waiting' WHERE kind = 'site.visit'", [at]
                    )
                    swept = bench.crawl(at)
                    read, left = _counts(raw, at)
        finally:
            world.stop()
    if left or read < marked:
        raise CannotCarry(f"{marked} pages were to be swept; {read} were read, {left} are left")
    return {
        "pages": read, "swept": marked, "media": swept.media, "cpu_s": swept.cpu_s, "wall_s": swept.wall_s,
        "with_face_models": models is not None, "note": NOTE,
    }  # fmt: skip


def _counts(raw: Any, at: Any) -> tuple[int, int]:
    """Pages read since ``at``, and pages still marked."""
    row = raw.execute(
        "SELECT count(*) FILTER (WHERE visited_at >= %s), count(*) FILTER (WHERE sweep) FROM search_frontier", [at]
    ).fetchone()
    return int(row[0]), int(row[1])


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--seed", type=int, required=True)
    parser.add_argument("--models", type=Path, default=None)
    given = parser.parse_args()
    json.dump(sample(given.seed, given.models), sys.stdout)


if __name__ == "__main__":
    main()
