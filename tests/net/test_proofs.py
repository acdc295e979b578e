"""A document is covered in the sealed process, and what it answers is checked before it is believed."""

from __future__ import annotations

import io
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from PIL import Image

from efface.net.decoder import Decoder, proofs
from efface.net.proofs import ProofRequest, proof_answer
from efface.net.protocol import ProtocolError
from efface.vision.proof import COVER
from efface.vision.proof.areas import rectangle


@pytest.fixture(scope="module")
def decoder() -> Iterator[Decoder]:
    """Without models: everything but a face is covered."""
    with Decoder() as one:
        if not one.state()["on"]:
            pytest.skip(f"no sandbox here: {one.state()['reason']}")
        yield one


def photo(kind: str = "JPEG", size: tuple[int, int] = (2400, 1600)) -> bytes:
    out = io.BytesIO()
    described = Image.Exif()
    described[0x010E] = "SECRET"
    Image.new("RGB", size, (220, 200, 40)).save(out, kind, exif=described)
    return out.getvalue()


def test_covered_in_the_sandbox_written_anew_and_smaller(decoder: Decoder) -> None:
    found = decoder.cover_proof(ProofRequest(photo(), areas=[rectangle("shown", 0.25, 0.25, 0.5, 0.5)]))
    pixels = np.asarray(Image.open(io.BytesIO(found.picture)))
    assert (found.width, found.height) == (1600, 1067) == (pixels.shape[1], pixels.shape[0])
    assert (pixels[5, 5] == COVER).all() and pixels[500, 800, 0] > 150
    assert b"SECRET" not in found.picture and found.error == "" and "no-text-model" in found.notes


def test_only_areas_bring_no_picture_back(decoder: Decoder) -> None:
    found = decoder.cover_proof(ProofRequest(photo(), only_areas=True))
    assert found.picture == b"" and found.areas


def test_what_a_browser_covered_is_made_one_colour(decoder: Decoder) -> None:
    rgb = np.full((300, 400, 3), 250, np.uint8)
    rgb[100:200] = np.array(COVER) + np.random.default_rng(1).integers(-3, 4, (100, 400, 3))
    out = io.BytesIO()
    Image.fromarray(rgb).save(out, "PNG")
    found = decoder.cover_proof(ProofRequest(out.getvalue(), automatic=False))
    pixels = np.asarray(Image.open(io.BytesIO(found.picture)))
    assert (pixels[100:200] == COVER).all() and (pixels[:100] == 250).all()


@pytest.mark.parametrize(
    ("data", "reason"),
    [(b"", "unknown-format"), (b"\0\0\0\x18ftypheic" + bytes(99), "unknown-format"),
     (photo("PNG")[:3000], "corrupt"), (bytes(34_000_000), "memory")],
)  # fmt: skip
def test_bad_pictures_have_a_reason(decoder: Decoder, data: bytes, reason: str) -> None:
    found = decoder.cover_proof(ProofRequest(data))
    assert (found.error, found.picture) == (reason, b"")


class _Faces:
    """Faces as the engine finds them: widths and embeddings by what the picture's first pixel says."""

    class thresholds:
        @staticmethod
        def of(photos: int) -> tuple[float, float]:
            return 0.4, 0.6

    KNOWN = {10: [(100, [1.0, 0.0])], 20: [(100, [0.5, 0.86])], 30: [(100, [0.0, 1.0])], 40: [],
             50: [(100, [1.0, 0.0]), (90, [0.0, 1.0])]}  # fmt: skip

    def analyse(self, rgb: Any) -> list[Any]:
        found = self.KNOWN[round(int(rgb[0, 0, 0]), -1)]
        return [type("Face", (), {"px": px, "embedding": line, "box": [0.4, 0.4, px / 500, 0.2]}) for px, line in found]


@pytest.mark.parametrize(
    ("card", "likeness", "word"),
    [(10, 10, "same"), (10, 20, "unsure"), (10, 30, "different"), (10, 40, "no-face"), (40, 10, "no-face"),
     (10, 50, "several"), (50, 30, "same")],
)  # fmt: skip
def test_the_face_is_compared_in_words(card: int, likeness: int, word: str) -> None:
    def plain(level: int) -> bytes:
        out = io.BytesIO()
        Image.new("RGB", (200, 200), (level, level, level)).save(out, "PNG")
        return out.getvalue()

    request = ProofRequest(plain(card), likeness=plain(likeness))
    told = proofs.answer(request.to_bytes(), _Faces(), None)  # type: ignore[arg-type]
    assert told["match"] == word
    assert "1.0" not in str({key: value for key, value in told.items() if key not in ("areas", "picture")})


@pytest.mark.parametrize(
    "given", [None, {}, {"picture": "????"}, {"picture": "AAAA", "width": 1, "height": 1, "areas": [], "notes": [],
              "faces": 0, "match": "", "text_left": 0}, {"picture": "", "width": 1, "height": 1, "areas": [{}],
              "notes": [], "faces": 0, "match": "", "text_left": 0}, {"picture": "", "width": 1, "height": 1,
              "areas": [], "notes": [], "faces": 0, "match": "her name", "text_left": 0}],
)  # fmt: skip
def test_an_answer_without_its_form_is_not_believed(given: Any) -> None:
    with pytest.raises(ProtocolError):
        proof_answer(given)
