"""What can go wrong with models, each with what the operator can do next."""

from __future__ import annotations


class ModelError(Exception):
    """Root of every model failure. ``str()`` is one or two sentences for the operator: what happened, what to do."""


class ManifestInvalid(ModelError):
    """A manifest file does not say what it must."""


class RegistryUnreachable(ModelError):
    """The package registry did not answer. Try again later; what is already there stays."""


class PackageMissing(ModelError):
    """The registry answered, but it does not have the pinned package or version."""


class PackageClientMissing(ModelError):
    """Neither pip nor uv (for PyPI), or no npm (for npm), belongs to this Python environment."""


class PackageClientFailed(ModelError):
    """The package client ended with an error that is none of the others."""


class ChecksumMismatch(ModelError):
    """Bytes are not those that were pinned. They were not used and not kept."""


class ConversionFailed(ModelError):
    """The source model could not be turned into ONNX, or the result does not compute what the original does."""


class ModelsFolderUnusable(ModelError):
    """The models folder cannot be written."""


class DiskFull(ModelsFolderUnusable):
    """Not enough room in the models folder."""


class InstallRunning(ModelError):
    """Another process is installing into the same folder."""


class ModelDamaged(ModelError):
    """An installed file is not the one that its manifest names. Install again."""


class FileNeeded(ModelError):
    """A model whose file the operator has to supply is not there."""


class Uncalibrated(ModelError):
    """An embedder without thresholds is asked to match."""
