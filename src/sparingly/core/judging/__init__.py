"""Whether a stored answer may stand in for a new one: the judge, its model and how sure it must be."""
