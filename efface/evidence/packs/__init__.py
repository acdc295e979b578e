"""Packs: what police, a lawyer or a court is handed, sealed to them, and verifiable with stock tools."""
