"""Exact tail probabilities of additive statistics under a multinomial: how, at what cost, and with what bracket."""
