"""Measurements, side by side with the shapes that we compare ourselves with: `make bench`."""
