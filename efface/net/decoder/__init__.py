"""The decoder sandbox: hostile bytes in, fingerprints and plain text out, in processes that can do nothing else.

Importing this is cheap and safe anywhere: the libraries that parse are loaded in the zygote only.
"""

from efface.net.decoder.client import Decoder, DecoderError

__all__ = ["Decoder", "DecoderError"]
