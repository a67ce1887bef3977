"""Inputs that lie elsewhere: on the operator's disk, on other hosts, in buckets."""
