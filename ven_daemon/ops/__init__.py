"""HTTP for operators: probes, metrics, and a JSON API."""
