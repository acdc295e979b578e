"""Local features: a picture found again after it was cropped, mirrored, framed, captioned or put beside others.

Inside the sealed decoder: ``look`` at a stranger's picture, later ``tiles`` of the same pixels. At enrolment, also
there: ``enrol``. In the matcher: ``LocalIndex`` (efface.vision.local.index, which loads numba: imported only there).
"""

from efface.vision.local.looks import Group, LocalLook, look
from efface.vision.local.prints import LocalPrint, LocalRefused, enrol
from efface.vision.local.tiles import TileBits, tiles
from efface.vision.local.wire import LocalFormatError

__all__ = ["Group", "LocalFormatError", "LocalLook", "LocalPrint", "LocalRefused", "TileBits", "enrol", "look", "tiles"]
