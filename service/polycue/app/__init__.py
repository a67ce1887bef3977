"""The composition root: settings in, a running server out. Alone knows all the parts."""
