"""Efface finds intimate pictures that were published without consent, and gets and keeps them removed."""

__version__ = "0.1.0"
