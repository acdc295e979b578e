"""``efface worker`` as the bench starts it: with a world by an inherited descriptor, which no command takes."""

from __future__ import annotations

import argparse
import json

from efface.engine.run import hosting


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--world-fd", type=int, required=True)
    parser.add_argument("--queues", default="crawl,sweep")
    given = parser.parse_args()
    hosting.serve(
        given.queues.split(","), world_fd=given.world_fd,
        ready=lambda place, pids: print(json.dumps({"place": place.name, "pids": pids}), flush=True),
    )  # fmt: skip


if __name__ == "__main__":
    main()
