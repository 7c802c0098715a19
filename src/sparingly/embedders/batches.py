"""Decide which of the texts that have queued up are embedded in one run of the model.

Pure: sizes in, groups out.

Texts of like length go together, because a run pads all of its texts to the
longest.  A run is kept small, because everyone in it waits for its end: sharing a run
saves up to a quarter of the time of texts of 9 word pieces and next to nothing from 64 on
(benchmarks/results/embedder_model.json, `batches`).
"""

from collections.abc import Sequence

# See `batches` in the results: beyond this, sharing a run no longer pays.
MAX_RUN_PIECES = 128


def runs(sizes: Sequence[int], *, max_pieces: int = MAX_RUN_PIECES) -> list[list[int]]:
    """Group the indexes of `sizes`, short texts first, so that a padded run has at most `max_pieces`.

    A text larger than that runs alone.
    """
    grouped: list[list[int]] = []
    for index in sorted(range(len(sizes)), key=sizes.__getitem__):
        # In ascending order the newcomer is the longest, so it decides the padding.
        if grouped and (len(grouped[-1]) + 1) * sizes[index] <= max_pieces:
            grouped[-1].append(index)
        else:
            grouped.append([index])
    return grouped
