"""polycue on any number of GPUs: its real scheduler, on a clock that only events move."""
