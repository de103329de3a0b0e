"""The derivation, step by step, on the user's own numbers: as data, each step with its machine check."""
