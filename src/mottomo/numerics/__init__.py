"""Formulas in floating point without loss: series, accurate sums, tails of chi-square, compositions. No hot loops."""
