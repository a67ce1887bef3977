"""What an operator types: serve, models, doctor."""
