"""Replies to takedown notices, each written by hand and labelled, as raw mail: half to work on, half kept back."""

from __future__ import annotations

from bench.replies.build import mail, text
from bench.replies.entries import HALVES, KINDS, LANGUAGES, MORE, Entry, ordinary, replies

__all__ = ["HALVES", "KINDS", "LANGUAGES", "MORE", "Entry", "mail", "ordinary", "replies", "text"]
