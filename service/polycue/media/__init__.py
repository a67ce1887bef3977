"""ffmpeg's side: probing, decoding and muxing of media files."""
