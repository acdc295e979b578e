from __future__ import annotations

from collections.abc import Iterator

import pytest

from efface.net.decoder import Decoder


@pytest.fixture(scope="module")
def decoder() -> Iterator[Decoder]:
    with Decoder(models=None) as made:
        yield made
