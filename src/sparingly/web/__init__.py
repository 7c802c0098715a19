"""HTTP: the app, its endpoints, and how errors look to a client."""
