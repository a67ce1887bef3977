"""Existing subtitles onto the time of the speech: evidence, the best fit, and the cues moved."""
