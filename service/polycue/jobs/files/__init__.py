"""Where the bytes of uploads and results are kept: a local folder, or an object store."""
