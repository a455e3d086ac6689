"""Decisions without I/O: plans, names, attributes, delays, words."""
