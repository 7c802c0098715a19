"""What an operator sees of the cache and does to it."""
