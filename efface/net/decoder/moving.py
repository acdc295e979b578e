"""What a sealed child does with what moves: hashes of the frames of a video, an animation or a sheet of thumbnails, and
faces on some of them."""

from __future__ import annotations

import dataclasses
import io
from base64 import b64encode
from collections.abc import Callable

import av
import numpy as np
from numpy.typing import NDArray

from efface.net.protocol import Decoded, Face, Picture, Want
from efface.vision import animation as animations
from efface.vision import pdq, sprites
from efface.vision.formats import sniff_video
from efface.vision.hamming import DIHEDRAL
from efface.vision.pictures import PictureError
from efface.vision.video import FramePrint, Limits, VideoError, VideoPrint
from efface.vision.video.read import read
from efface.vision.video.sample import Still

LIMITS = Limits(data_bytes=64 * 1024 * 1024, wall_s=40.0, records=1800, stills=8)
MOST_FACES = 32


def sample() -> bytes:
    """A video of half a second: PyAV loads parts of itself when it opens its first one."""
    out = io.BytesIO()
    with av.open(out, "w", format="mp4") as container:
        stream = container.add_stream("mpeg4", rate=24)
        stream.width, stream.height, stream.pix_fmt = 96, 64, "yuv420p"
        ramp = np.add.outer(np.arange(64), 2 * np.arange(96))
        for number in range(12):
            shade = ((ramp + 9 * number) % 256).astype(np.uint8)
            container.mux(stream.encode(av.VideoFrame.from_ndarray(np.stack([shade] * 3, axis=2), format="rgb24")))
        container.mux(stream.encode(None))
    return out.getvalue()


FindFaces = Callable[[NDArray[np.uint8], int], list[Face]]
"""Faces of a picture; its width as published, pixels."""


def video(data: bytes, facts: Picture, want: Want, find_faces: FindFaces | None) -> Decoded:
    """The clip of ``data``. ``pdq`` and ``pdq_quality`` are those of the frame that shows most; faces are those of a
    few frames that differ. A subject's own video (``Want.PRINT``) is read in more detail."""
    faces: list[Face] = []
    best: tuple[int, list[str]] = (-1, [])

    def each(still: Still) -> None:
        nonlocal best
        if min(still.rgb.shape[:2]) >= pdq.LEAST_SIDE:
            hashes, quality = pdq.fingerprint(still.rgb)
            best = max(best, (quality, hashes), key=lambda one: one[0])
        if find_faces is not None:
            faces.extend(find_faces(still.rgb, still.width))

    try:
        clip = read(data, LIMITS, depth="enrol" if want & Want.PRINT else "thorough", each=each)
    except VideoError as error:
        return Decoded(dataclasses.replace(facts, mime=sniff_video(data[:512]), error=error.reason))
    faces.sort(key=lambda face: face.px, reverse=True)
    picture = dataclasses.replace(
        facts,
        mime=sniff_video(data[:512]),
        width=clip.width,
        height=clip.height,
        pdq=best[1],
        pdq_quality=max(0, best[0]),
        faces=len(faces[:MOST_FACES]),
        face_px=max((face.px for face in faces), default=0),
        clip=b64encode(clip.to_bytes()).decode(),
        seconds=round(clip.duration, 2),
    )
    return Decoded(picture, faces[:MOST_FACES])


def animation(data: bytes) -> VideoPrint | None:
    """The frames of an animated picture; None where they cannot be told apart."""
    try:
        clip = animations.read(data, LIMITS).print
    except PictureError:
        return None
    return clip if len(clip.frames) > 1 else None


def sheet(rgb: NDArray[np.uint8]) -> VideoPrint | None:
    """The thumbnails of a sprite sheet, a second each (how far apart they are is not told); None for other pictures."""
    tiles = sprites.fingerprints(rgb)
    if not tiles:
        return None
    frames = tuple(
        FramePrint(tile.number, float(tile.number), tile.quality, tile.hashes[0], tile.hashes[_MIRRORED])
        for tile in tiles
    )
    return VideoPrint(float(tiles[-1].number + 1), frames, rgb.shape[1], rgb.shape[0])


_MIRRORED = DIHEDRAL.index("flip-horizontal")
