"""Texts of all requests through the translation models, in full batches."""
