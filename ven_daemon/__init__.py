"""A fleet-grade OpenADR 3 client."""
