"""A photographed identity document: what of it should be covered before anybody sees it. See the README."""

from efface.vision.proof.areas import Area
from efface.vision.proof.cover import COVER, constant, cover, covered, encode
from efface.vision.proof.reading import TextEngine
from efface.vision.proof.suggest import Suggestion, suggest

__all__ = ["COVER", "Area", "Suggestion", "TextEngine", "constant", "cover", "covered", "encode", "suggest"]
