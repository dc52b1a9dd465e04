"""Recorded order books played through the engine's book, and where the two disagree."""
