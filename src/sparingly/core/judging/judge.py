"""Decide whether a stored answer may stand in for a new one.

The look-up step finds neighbors; this module only judges them.  It takes no
clock, store or embedder, so replay runs the same code as the live gateway.

Rule: a doubtful match is a miss.  A miss costs one upstream call, a wrong hit
costs the caller's trust.

With a fitted judge each neighbor gets the probability that its answer is right,
from everything that can be read off the two questions, and capped by what was said of the
answer before (`standing.py`).  Cases, in this order:
 1. nothing fresh, nothing with the same words where the embedder cannot tell them apart, or nothing at the
    floor of similarity: a miss;
 2. a guard speaks against a neighbor, or it was denied too often: it is no candidate, however likely; nor
    is one that is clearly farther than the closest of the others;
 3. the likeliest of the others reaches the bar: a hit;
 4. it would have, had labels not raised the bar meanwhile: a miss, `tightened`;
 5. a vetoed one would have reached it: a miss that names the guard, else `unsure`.
Two questions with the same words in the same order, case, punctuation and
politeness aside, ask the same, and no evidence is needed.  Without a fitted judge the
closest neighbor that was not denied is held against a threshold.
"""

from collections.abc import Sequence
from math import inf
from typing import Final, NamedTuple

import msgspec
import numpy as np
import numpy.typing as npt

from sparingly.core.directives import Directives
from sparingly.core.entry import Entry, Neighbor
from sparingly.core.evidence.guards import guards_of, veto
from sparingly.core.evidence.pairing import NAMES
from sparingly.core.evidence.question import Question
from sparingly.core.evidence.reading import Reading
from sparingly.core.judging.model import JudgeModel
from sparingly.core.judging.operating_point import operating_point
from sparingly.core.judging.standing import Standing, is_revoked, weighed
from sparingly.core.policy import CachePolicy
from sparingly.core.verdict import Evidence, Hit, Miss

SAME_WORDS: Final = 0.999
"""The probability of a question in the same words; not 1, which is for the same text."""
MOST_BEHIND: Final = 0.05
"""How much less similar than the closest a candidate may be.  Of several stored questions the one
meant is nearly always among the closest; what the words of a farther one say was learned on
questions of one kind and holds on others less."""

DENIED: Final = "denied"
"""What stands where a guard's name would, for an entry whose answer was denied too often."""


class Bar(msgspec.Struct, frozen=True):
    """What a neighbor must reach.

    `threshold` is a cosine similarity, for judging without a fitted judge;
    `max_age_s` the oldest answer that the caller takes, None for any; `min_fresh_s` how
    long it must still be valid.  With a fitted judge `probability` and `floor`, a similarity, are
    the least that is enough, None for the judge's own; `live` is what labels ask for meanwhile,
    if that is more; `guards` are those that are on.
    """

    threshold: float
    max_age_s: float | None = None
    min_fresh_s: float = 0.0
    probability: float | None = None
    floor: float | None = None
    live: float = -inf
    guards: frozenset[str] = frozenset()


def bar_of(
    policy: CachePolicy, directives: Directives, *, model: JudgeModel | None = None, live: float = -inf
) -> Bar:
    """What an operator and a caller together ask of a neighbor, and what labels ask for meanwhile."""
    probability = policy.probability
    if model is not None:
        probability = operating_point(policy, model, max_error=directives.max_error)
    return Bar(
        policy.threshold,
        directives.max_age_s,
        directives.min_fresh_s,
        probability=probability,
        floor=policy.floor,
        live=live,
        guards=guards_of(policy.domain, policy.guards),
    )


class Weighed(NamedTuple):
    """A neighbor with the probability that its answer is right, and the guard that forbids it."""

    neighbor: Neighbor
    probability: float
    veto: str | None
    row: npt.NDArray[np.float32]

    @property
    def evidence(self) -> dict[str, float]:
        """The figures by name."""
        return dict(zip(NAMES, self.row.tolist(), strict=True))


def is_fresh(entry: Entry, bar: Bar, *, now: float) -> bool:
    """Whether an entry has not expired and is as young as the caller wants it."""
    if entry.expires_at <= now + bar.min_fresh_s:
        return False
    return bar.max_age_s is None or now - entry.created_at <= bar.max_age_s


def judge(
    neighbors: Sequence[Neighbor],
    *,
    bar: Bar,
    now: float,
    question: Question | None = None,
    model: JudgeModel | None = None,
) -> Hit | Miss:
    """Pick the neighbor that is young enough and most likely right; without a `model`, the closest.

    `neighbors` may come in any order and may hold expired entries.
    """
    # The smaller digest breaks ties, so that a verdict does not depend on the store's order.
    ranked = sorted(neighbors, key=lambda n: (-n.similarity, n.entry.digest))
    if not ranked:
        return Miss("no-neighbor")
    nearest = ranked[0]
    fresh = [n for n in ranked if is_fresh(n.entry, bar, now=now)]
    if not fresh:
        return Miss("too-old", Evidence(nearest.similarity, nearest.entry.source))
    unread = question.unread if question is not None else ""
    fresh = [n for n in fresh if n.entry.unread == unread]
    if not fresh:
        return Miss("other-words", Evidence(nearest.similarity, nearest.entry.source))
    if model is not None and question is not None:
        return _by_probability(question, nearest, fresh, model, bar)

    return _by_similarity(nearest, fresh, bar)


def weigh(
    question: Question,
    neighbors: Sequence[Neighbor],
    *,
    model: JudgeModel,
    bar: Bar,
    places: Sequence[int] | None = None,
) -> list[Weighed]:
    """What the judge makes of the neighbors whose question is known, or of those at `places` among them, in order."""
    known = [one for one in neighbors if one.entry.text is not None]
    chosen = known if places is None else [known[at] for at in places]
    if not chosen:
        return []
    asked = model.read(question.text)
    stored = [model.read(one.entry.text or "") for one in chosen]
    rows = model.rows(asked, stored, similarities=[one.similarity for one in known], places=places)
    chances = model.probabilities(rows)
    found: list[Weighed] = []
    for neighbor, reading, row, judged in zip(chosen, stored, rows, chances.tolist(), strict=True):
        is_same = in_same_words(asked, reading)
        standing = standing_of(neighbor.entry)
        against = None if is_same else veto(row, bar.guards)
        chance = max(judged, SAME_WORDS) if is_same else judged
        if is_revoked(standing):
            # Its own chance says whether it would have been a hit.
            found.append(Weighed(neighbor, chance, DENIED, row))
        else:
            found.append(Weighed(neighbor, weighed(chance, standing), against, row))
    return found


def standing_of(entry: Entry) -> Standing:
    """What was said of an entry so far."""
    return Standing(entry.confirmed, entry.denied)


def _candidates(weighed: Sequence[Weighed]) -> list[Weighed]:
    """Those that nothing forbids and that are about as close as the closest of them, or in the same words."""
    left = [one for one in weighed if one.veto is None]
    closest = max([one.neighbor.similarity for one in left], default=0.0)
    return [
        one
        for one in left
        if closest - one.neighbor.similarity <= MOST_BEHIND or one.probability >= SAME_WORDS
    ]


def _judged(question: Question, near: Sequence[Neighbor], *, model: JudgeModel, bar: Bar) -> list[Weighed]:
    """The neighbors that can be candidates, weighed; those clearly farther only where the close ones are forbidden.

    A verdict is the same as with all of them weighed, for less time: reading and pairing take most of it.
    """
    known = [one for one in near if one.entry.text is not None]
    if not known:
        return []
    asked = model.read(question.text)
    close = [
        at
        for at, one in enumerate(known)
        if known[0].similarity - one.similarity <= MOST_BEHIND
        or in_same_words(asked, model.read(one.entry.text or ""))
    ]
    found = weigh(question, known, model=model, bar=bar, places=close)
    left = [at for at in range(len(known)) if at not in close]
    allowed = [one.neighbor.similarity for one in found if one.veto is None]
    if not left or (allowed and max(allowed) - known[left[0]].similarity > MOST_BEHIND):
        return found
    return [*found, *weigh(question, known, model=model, bar=bar, places=left)]


def in_same_words(one: Reading, other: Reading) -> bool:
    """Whether nothing that could change an answer is different; texts that were not read to their end never are."""
    return one.words == other.words and bool(one.words) and not (one.is_cut or other.is_cut)


def _by_similarity(nearest: Neighbor, fresh: Sequence[Neighbor], bar: Bar) -> Hit | Miss:
    best = next((one for one in fresh if not is_revoked(standing_of(one.entry))), None)
    evidence = Evidence(
        similarity=nearest.similarity,
        nearest=nearest.entry.source,
        candidate=best.entry.source if best is not None else None,
    )
    # `>=`, not `>`: thresholds are chosen as the lowest similarity that was still safe, so the boundary
    # value itself belongs to the safe side.
    if best is not None and best.similarity >= bar.threshold:
        return Hit(best.entry, "semantic", "close", evidence)
    return Miss(f"veto-{DENIED}" if fresh[0].similarity >= bar.threshold else "too-far", evidence)


def _by_probability(
    question: Question, nearest: Neighbor, fresh: Sequence[Neighbor], model: JudgeModel, bar: Bar
) -> Hit | Miss:
    floor = model.floor if bar.floor is None else bar.floor
    needed = model.probability if bar.probability is None else bar.probability
    near = [one for one in fresh if one.similarity >= floor]
    judged = _judged(question, near, model=model, bar=bar)
    if not judged:
        return Miss("too-far", Evidence(nearest.similarity, nearest.entry.source))
    allowed = _candidates(judged)
    # The first of equals is the closer one: `fresh` is ranked by similarity.
    best = max(allowed, key=lambda one: one.probability, default=None)
    evidence = Evidence(
        similarity=nearest.similarity,
        nearest=nearest.entry.source,
        probability=best.probability if best is not None else None,
        candidate=best.neighbor.entry.source if best is not None else None,
    )
    if best is not None and best.probability >= max(needed, bar.live):
        return Hit(best.neighbor.entry, "semantic", "judged-same", evidence)
    if best is not None and best.probability >= needed:
        return Miss("tightened", evidence)
    refused = max(judged, key=lambda one: one.probability)
    if refused.veto is not None and refused.probability >= needed:
        # The evidence names the candidate that is left, if any: the vetoed one is none at any bar.
        return Miss(f"veto-{refused.veto.replace('_', '-')}", evidence)
    return Miss("unsure", evidence)
