"""Property tests of this room: no deadline for one example (machines are shared), fewer examples than the default."""

from hypothesis import settings

settings.register_profile("shared", deadline=None, max_examples=60)
settings.load_profile("shared")
