"""HTTP to VTNs: the one place that turns failures into our errors."""
