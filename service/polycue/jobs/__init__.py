"""Work that outlives a call: states, store, runner, files."""
