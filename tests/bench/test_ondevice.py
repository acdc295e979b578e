"""The bench of the browser counts what it says, and sees a browser that computes something else."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from bench import clips, ondevice
from web.build import BuildFailed
from web.device import NoChromium

pytestmark = [pytest.mark.browser, pytest.mark.slow]


def photo(seed: int, size: tuple[int, int]) -> bytes:
    out = io.BytesIO()
    Image.fromarray(clips.scene(seed, size)).save(out, "JPEG")
    return out.getvalue()


def test_the_bench_reports_what_it_measured(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for number in range(3):
        (tmp_path / f"{number}.jpg").write_bytes(photo(number, (800, 600)))
    short = clip_of_two_seconds()
    monkeypatch.setattr(ondevice, "made_clip", lambda files, seed=1: short)
    monkeypatch.setattr(ondevice, "portrait_of_12_megapixels", lambda files: photo(9, (1600, 1200)))
    try:
        result = ondevice.run(tmp_path, tmp_path, None, lambda words: None)
    except (NoChromium, BuildFailed) as error:
        pytest.skip(str(error))
    assert result["pdq"]["photos"] == 3 and result["pdq"]["within_10_bits"] == 1.0
    assert result["clip_30_s"]["recognises_a_copy_s"] > 1 and "complaints" not in result
    with pytest.raises(ValueError, match="no pictures"):
        ondevice.run(tmp_path / "none", tmp_path, None, lambda words: None)


def clip_of_two_seconds() -> bytes:
    return clips.encode(clips.film(clips.Pictures([], 2), 2, "shots", 2.0, (320, 240), 12), 12)


def test_hashes_of_another_picture_are_seen(tmp_path: Path) -> None:
    """A browser that hashed the next picture instead would not pass."""

    class Wrong:
        def make(self, data: bytes, *given: str) -> dict[str, object]:
            from efface.vision import pdq

            hashes, quality = pdq.fingerprint(np.ascontiguousarray(clips.scene(77)))
            return {"decoded": {"picture": {"pdq": hashes, "pdq_quality": quality}}}

    (tmp_path / "a.jpg").write_bytes(photo(1, (800, 600)))
    assert ondevice.hashes(Wrong(), [tmp_path / "a.jpg"])["within_10_bits"] == 0.0  # type: ignore[arg-type]


def test_overlap() -> None:
    assert ondevice.overlap((0, 0, 1, 1), (0, 0, 1, 1)) == 1 and ondevice.overlap((0, 0, 1, 1), (2, 0, 1, 1)) == 0
    assert ondevice.overlap((0, 0, 2, 1), (1, 0, 2, 1)) == pytest.approx(1 / 3)
