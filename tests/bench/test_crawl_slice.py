"""The slice of a world that the comparison of crawls reads: what can be come to when the visits begin, and no more."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

from bench.crawl.compare import slice_of
from bench.crawl.ours import OPENS
from testbed.model import load, parse_time
from testbed.world import generate


def test_what_is_published_later_or_behind_a_wall_is_not_counted(tmp_path: Path) -> None:
    generate(5, 20, 3, None, 90, tmp_path / "world")
    world = load(tmp_path / "world")
    opens = parse_time(world.start) + OPENS
    seeds = [f"http://{site.domain}/" for site in world.sites]
    there = later = 0
    for site in world.sites:
        for gallery in site.galleries:
            if gallery.hidden or site.wall or site.dead_dns:
                continue
            shown = len({path for shot in gallery.shots for path in (shot.full_path, shot.thumb_path)})
            if parse_time(gallery.published_at) <= opens:
                there += shown
            else:
                later += shown
    assert later and opens > parse_time(world.start) + timedelta(0)
    open_ = [site for site in world.sites if not site.wall and not site.dead_dns]
    last = max(n for n, site in enumerate(world.sites) if site in open_)
    assert len(slice_of(tmp_path / "world", seeds, 1, there)) <= last + 1
    assert slice_of(tmp_path / "world", seeds, 1, there + 1) == seeds, "more than there is takes every site"
    assert len(slice_of(tmp_path / "world", seeds, 1, 1)) < len(seeds)
