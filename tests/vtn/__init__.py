"""Talking to servers that behave, misbehave and lie: all of them real, on loopback."""
