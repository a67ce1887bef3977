"""The report as a page for people: one HTML file that needs no other, and no script to be read."""
