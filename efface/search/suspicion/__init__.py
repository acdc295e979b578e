"""Whether a page may show child material: by an operator's list of known files, and by words. See README.md."""
