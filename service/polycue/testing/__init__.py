"""Fakes that keep the promises of the real parts; shipped, for our tests and those of users."""
