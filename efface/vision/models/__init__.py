"""Models: what they are, getting them, checking them. ``python -m efface.vision.models install DIR`` by hand."""

from efface.vision.models.acquire import Progress, install
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
)
from efface.vision.models.manifest import Manifest, Thresholds, active, packaged, thresholds_of
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
    "active",
    "install",
    "list_models",
    "packaged",
    "thresholds_of",
    "verify",
]
