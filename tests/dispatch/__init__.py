"""Dispatch, from events to what sinks are told."""
