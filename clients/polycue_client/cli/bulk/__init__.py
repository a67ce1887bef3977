"""Thousands of films: listed as they are needed, many jobs at once, one report at the end."""
