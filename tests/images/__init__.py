"""Builds the images for real and looks at them from within: ``make image-test``."""
