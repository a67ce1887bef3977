"""What runs a batch: threads in this process, later child processes and other nodes."""
