"""Backup and restore. Two files, each sealed in the age format: the database without what opens it, and the keys, which
are to live shorter. Erasing a case destroys its key; a backup that brought keys back would undo that.

``take`` makes them, ``reading`` proves them, ``restoring`` puts them back and erases again what was erased since.
"""
