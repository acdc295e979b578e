"""Picture formats told by their first bytes. Standard library only."""

from __future__ import annotations

MIMES = {"JPEG": "image/jpeg", "PNG": "image/png", "WEBP": "image/webp", "GIF": "image/gif", "AVIF": "image/avif"}
"""The formats that are read, by Pillow's name."""


def sniff(data: bytes) -> str:
    """The MIME type that the first bytes say, among those of ``MIMES``; empty for anything else."""
    if data[:3] == b"\xff\xd8\xff":
        return "image/jpeg"
    if data[:8] == b"\x89PNG\r\n\x1a\n":
        return "image/png"
    if data[:6] in (b"GIF87a", b"GIF89a"):
        return "image/gif"
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return "image/webp"
    if data[4:8] == b"ftyp" and data[8:12] in (b"avif", b"avis", b"mif1"):
        return "image/avif"
    return ""


def sniff_video(data: bytes) -> str:
    """The MIME type of a video container that the first bytes say; empty for anything else, and for the still and
    moving pictures of ``MIMES``."""
    if data[4:8] == b"ftyp":
        return "" if sniff(data) or data[8:12] in (b"heic", b"heix", b"mif1", b"msf1") else "video/mp4"
    if data[4:8] in (b"moov", b"mdat", b"styp", b"moof", b"wide", b"free", b"skip") and data[:1] == b"\0":
        return "video/mp4"
    if data[:4] == b"\x1aE\xdf\xa3":
        return "video/webm"
    if data[:4] == b"RIFF" and data[8:12] == b"AVI ":
        return "video/x-msvideo"
    if data[:3] == b"FLV":
        return "video/x-flv"
    if data[:4] == b"OggS":
        return "video/ogg"
    if data[:4] in (b"\0\0\x01\xba", b"\0\0\x01\xb3"):
        return "video/mpeg"
    if data[:16] == b"0&\xb2u\x8ef\xcf\x11\xa6\xd9\0\xaa\0b\xcel":
        return "video/x-ms-wmv"
    if data[:1] == b"G" and len(data) > 188 and data[188:189] == b"G":
        return "video/mp2t"
    return ""


def is_media(data: bytes) -> bool:
    """Whether the first bytes are those of a picture or video that is read."""
    return bool(sniff(data[:32]) or sniff_video(data[:512]))


def sniff_playlist(data: bytes) -> str:
    """The MIME type of a playlist of video segments (HLS, RFC 8216; DASH, ISO 23009-1) that the first 512 bytes say;
    empty for anything else."""
    head = data[:512].lstrip(b"\xef\xbb\xbf \t\r\n")
    if head.startswith(b"#EXTM3U"):
        return "application/vnd.apple.mpegurl"
    if head.startswith(b"<") and b"<MPD" in head:
        return "application/dash+xml"
    return ""
