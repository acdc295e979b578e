"""The yard's hostile little internet: seeded, on loopback, with a truth that only the score reads."""
