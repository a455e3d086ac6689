"""Readings: taken, kept, counted."""
