"""The demo: a sandbox VTN, the daemon with the sample fleet, and a play of events to watch."""
