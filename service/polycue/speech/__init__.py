"""Sound to words: speech detection, cutting, and Whisper."""
