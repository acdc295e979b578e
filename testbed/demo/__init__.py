"""The demo: a world, an installation of Efface in it, the people who use both, ninety virtual days, and a score."""
