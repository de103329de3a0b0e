"""Files that are written: models and rows of numbers. They hold JSON and arrays; reading one never runs code."""
