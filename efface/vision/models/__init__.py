"""Models: what they are, getting them, checking them. ``python -m efface.vision.models install DIR`` by hand."""

from efface.vision.models.acquire import Progress, install
from efface.vision.models.add import add, write_thresholds
from efface.vision.models.cached import cached, complete
from efface.vision.models.errors import (
    ChecksumMismatch,
    ConversionFailed,
    DiskFull,
    FileNeeded,
    InstallRunning,
    ManifestInvalid,
    ModelDamaged,
    ModelError,
    ModelsFolderUnusable,
    PackageClientFailed,
    PackageClientMissing,
    PackageMissing,
    RegistryUnreachable,
    Uncalibrated,
)
from efface.vision.models.manifest import Manifest, Thresholds, active, optional, own, packaged, thresholds_of
from efface.vision.models.store import Installed, list_models, verify

__all__ = [
    "ChecksumMismatch",
    "ConversionFailed",
    "DiskFull",
    "FileNeeded",
    "InstallRunning",
    "Installed",
    "Manifest",
    "ManifestInvalid",
    "ModelDamaged",
    "ModelError",
    "ModelsFolderUnusable",
    "PackageClientFailed",
    "PackageClientMissing",
    "PackageMissing",
    "Progress",
    "RegistryUnreachable",
    "Thresholds",
    "Uncalibrated",
    "active",
    "add",
    "cached",
    "complete",
    "install",
    "list_models",
    "optional",
    "own",
    "packaged",
    "thresholds_of",
    "verify",
    "write_thresholds",
]
