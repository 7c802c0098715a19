"""Fold a stream of deltas into an answer, and unfold an answer into a stream.

Law: `fold(unfold(answer)) == answer` for every complete answer, however it is
cut into pieces.  Dialects turn their events into these deltas and back; they
do not fold.
"""
