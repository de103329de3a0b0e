"""What a tally says about the probabilities behind it. Pure: no file, no print, no clock."""
