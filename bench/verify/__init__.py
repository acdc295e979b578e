"""Verification on sites that only look as if they had removed something."""
