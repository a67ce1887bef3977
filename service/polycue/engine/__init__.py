"""Models at work: devices, batches, and what runs them."""
