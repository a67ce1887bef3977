"""Words to cues: sentences, breaks, lines and times."""
