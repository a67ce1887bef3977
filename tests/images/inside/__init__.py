"""What runs in an image, with its own Python and what it has."""
