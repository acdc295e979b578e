"""Opening a stranger's video: one container, one stream, one decoder, all from an allow-list; nothing else is opened.

The container is told by its first bytes and named to FFmpeg, so that nothing is probed and no playlist, concatenation
or sub-file can be meant; what the bytes refer to elsewhere is refused.
"""

from __future__ import annotations

import io
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, NoReturn

import av
import av.error
import av.logging

from efface.vision.formats import sniff_video
from efface.vision.video.model import Limits, VideoError

DEMUXERS = {
    "video/mp4": "mov",
    "video/webm": "matroska",
    "video/x-msvideo": "avi",
    "video/x-flv": "flv",
    "video/ogg": "ogg",
    "video/mpeg": "mpeg",
    "video/x-ms-wmv": "asf",
    "video/mp2t": "mpegts",
}
"""FFmpeg's name of each container that is read."""

DECODERS = frozenset(
    {
        "h264",
        "hevc",
        "vp8",
        "vp9",
        "libdav1d",
        "mpeg4",
        "mpeg1video",
        "mpeg2video",
        "msmpeg4",
        "msmpeg4v2",
        "h263",
        "flv",
        "vp6",
        "vp6f",
        "theora",
        "wmv1",
        "wmv2",
        "wmv3",
        "vc1",
        "mjpeg",
    }
)
"""FFmpeg's names of the decoders that may run."""

_HEAD_BYTES = 256 * 1024

av.logging.set_level(None)


@contextmanager
def opened(data: bytes, limits: Limits, *, skip: str = "DEFAULT") -> Iterator[tuple[Any, Any]]:
    """The demultiplexer and the video stream of ``data`` with its decoder ready. ``skip`` is FFmpeg's ``skip_frame``.
    Raises ``VideoError``, also for whatever FFmpeg raises inside."""
    kind = DEMUXERS.get(sniff_video(data[:512]), "")
    if not kind:
        raise VideoError("unknown-format")
    if len(data) > limits.data_bytes:
        raise VideoError("too-large")
    if is_encrypted(data, kind):
        raise VideoError("encrypted")
    container: Any = None
    try:
        container = av.open(
            io.BytesIO(data),
            mode="r",
            format=kind,
            container_options={
                "format_whitelist": kind,
                "codec_whitelist": ",".join(sorted(DECODERS)),
                "protocol_whitelist": "none",
                "probesize": "8000000",
                "analyzeduration": "10000000",
            },
            metadata_errors="ignore",
            io_open=_no_other_file,
        )
        yield container, _stream(container, limits, skip)
    except VideoError:
        raise
    except MemoryError:
        raise VideoError("memory") from None
    except (av.error.DecoderNotFoundError, av.error.DemuxerNotFoundError):
        raise VideoError("unknown-codec") from None
    except Exception as error:  # a parser of hostile bytes may raise anything
        raise VideoError(_why_broken(data, kind), type(error).__name__) from None
    finally:
        if container is not None:
            container.close()


def is_encrypted(data: bytes, kind: str) -> bool:
    """Whether the container says that its video is encrypted: ISO 23001-7 ("encv" with protection information),
    Matroska ContentEncryption, scrambled transport stream packets."""
    if kind == "mov":
        place = data.find(b"encv")
        return place >= 0 and data.find(b"sinf", place, place + 4096) >= 0
    if kind == "matroska":
        place = data.find(b"\x6d\x80", 0, _HEAD_BYTES)
        return place >= 0 and data.find(b"\x50\x35", place, place + 64) >= 0
    if kind == "mpegts":
        step, first = (188, 0) if data[0] == 0x47 else (192, 4)
        heads = [data[place + 3] for place in range(first, min(len(data) - 4, 400 * step), step)]
        return sum(head & 0xC0 != 0 for head in heads) > len(heads) // 2
    return False


def _stream(container: Any, limits: Limits, skip: str) -> Any:
    """The largest moving picture of the container."""
    videos = [stream for stream in container.streams.video if not int(stream.disposition) & 0x400]  # attached picture
    if not videos:
        raise VideoError("no-video")
    known = [stream for stream in videos if stream.codec_context is not None]
    known = [stream for stream in known if stream.codec_context.codec.name in DECODERS]
    if not known:
        raise VideoError("unknown-codec")
    stream = max(known, key=lambda item: item.codec_context.width * item.codec_context.height)
    context = stream.codec_context
    if context.width * context.height > limits.pixels:
        raise VideoError("too-many-pixels", f"{context.width}x{context.height}")
    context.thread_type = "NONE"
    context.thread_count = 1
    context.skip_frame = skip
    # Counted again by the decoder, for streams whose pictures grow half-way; 10 % for the padding to whole blocks.
    context.options = {"max_pixels": str(limits.pixels * 11 // 10)}
    return stream


def _why_broken(data: bytes, kind: str) -> Any:
    if kind == "mov" and b"moov" not in data:
        return "truncated"
    return "corrupt"


def _no_other_file(*_: object) -> NoReturn:
    raise PermissionError("a video may not open anything else")
