"""What may be kept, for whom and for how long; and what an operator may ask of what is kept."""
