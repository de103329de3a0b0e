"""The readers: each turns outcomes, wherever they are, into counted rows. They import nothing above the tally."""
