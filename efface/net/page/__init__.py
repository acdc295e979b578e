"""A fetched page boiled down to what the rooms above need: text, links, media, walls, shingles. No bytes leave."""

from efface.net.page.media import media_refs
from efface.net.page.read import Page, read_page
from efface.net.page.shingles import estimate, jaccard, shingle
from efface.net.page.urls import absolute, url_digest
from efface.net.page.walls import walls

__all__ = ["Page", "absolute", "estimate", "jaccard", "media_refs", "read_page", "shingle", "url_digest", "walls"]
