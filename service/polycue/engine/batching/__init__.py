"""Rows of all callers, gathered into batches for one model."""
