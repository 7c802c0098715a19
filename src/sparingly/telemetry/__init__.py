"""What operators see: events and metrics."""
