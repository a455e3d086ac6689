"""SQL: the inventory we read and the state we own. Domain values in, domain values out."""
