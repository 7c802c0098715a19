"""Wire dialects: how a request and an answer are written on the wire, and nothing else."""
