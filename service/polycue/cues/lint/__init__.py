"""Rules that finished cues are held to: one small module for each group of them."""
