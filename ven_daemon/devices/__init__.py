"""Ports to devices: sinks, which dispatches go out by."""
