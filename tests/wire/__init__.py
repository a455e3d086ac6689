"""Dialects: golden JSON, bytes from anywhere, and round trips."""
