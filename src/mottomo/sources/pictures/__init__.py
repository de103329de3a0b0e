"""Pictures: a folder of them as a table, each decoded once, and turned into numbers."""
