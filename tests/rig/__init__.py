"""What tests stand on: real processes, a real PostgreSQL, the sandbox VTN and a real VTN."""
