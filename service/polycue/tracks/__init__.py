"""Cues to subtitle text and back."""
