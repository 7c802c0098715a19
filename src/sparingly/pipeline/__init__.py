"""The way of a request: the effects between reading it and answering it."""
