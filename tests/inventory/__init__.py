"""The inventory: samples, import, and files that somebody else made."""
