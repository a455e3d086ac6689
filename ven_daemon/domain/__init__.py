"""Values and decisions of OpenADR fleets: no I/O, no clock, no dice."""
