"""The config file: read it, check it, fill in what it leaves out, say what it means."""
