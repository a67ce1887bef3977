"""Weights on disk: what is known, installed, pulled and verified."""
