"""Sentences to other languages, and their words back onto time."""
