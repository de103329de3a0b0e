"""Joins a source with the mathematics: one call from data, wherever they are, to an answer. The fold lives here."""
