"""A fetched page boiled down to what the rooms above need: text, links, media, walls, shingles. No bytes leave.

``read`` parses hostile HTML and is called inside the decoder's sandbox only; ``model``, ``urls`` and ``shingles`` are
for everybody.
"""
