"""Telemetry: what comes in is judged, committed, and only then acknowledged."""
