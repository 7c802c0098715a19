"""Fit the judge: made and labelled pairs, the rows of evidence, the trees, and the error they are good for."""
