"""Going on where a job was interrupted: what was done is kept, and found done by the next run."""
