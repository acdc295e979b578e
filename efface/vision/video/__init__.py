"""Videos: hashes frame by frame, and the same clip found again after it was re-encoded, cut or framed.

Importing this is cheap: PyAV is loaded by ``read`` and ``container`` only, which the sealed decoder and ``efface
fingerprint`` import; the matcher needs ``index`` and ``model``.
"""

from efface.vision.video.index import PictureHit, VideoHit, VideoIndex
from efface.vision.video.model import WORDS, FramePrint, Limits, Reason, VideoError, VideoPrint

__all__ = [
    "WORDS",
    "FramePrint",
    "Limits",
    "PictureHit",
    "Reason",
    "VideoError",
    "VideoHit",
    "VideoIndex",
    "VideoPrint",
]
