"""Videos that are published as a list of pieces: HLS (RFC 8216) and DASH (ISO/IEC 23009-1).

``hls`` and ``dash`` read what a stranger wrote, without looking anything up; ``plan`` says which pieces to ask for;
``fetch`` asks for them through the guarded session and joins them to bytes for the decoder.
"""

from efface.net.playlists.fetch import Pulled, fetch
from efface.net.playlists.model import WORDS, Budget, Piece, PlaylistError, Reason, Track, Variant

__all__ = ["WORDS", "Budget", "Piece", "PlaylistError", "Pulled", "Reason", "Track", "Variant", "fetch"]
