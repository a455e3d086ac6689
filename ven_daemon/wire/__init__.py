"""Dialects of OpenADR: pure codecs between bytes and domain values."""
