"""The readers: each turns outcomes, wherever they are, into counted rows. They see nothing above the tally."""
