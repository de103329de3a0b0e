"""One renderer a format, each for every document."""
