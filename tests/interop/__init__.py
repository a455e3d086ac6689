"""Acceptance: the installed command against a VTN that somebody else wrote."""
