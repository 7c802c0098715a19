"""What was found out about the cache for one request.

`Hit`: a stored answer may stand in.  `Miss`: none may, `reason` says why.
`Bypass`: the cache was not to be asked.  `Evidence` travels with a hit and a
miss alike, so that lost hits can be found as well as wrong ones.
"""

from typing import Literal, TypeAlias

import msgspec

from sparingly.core.entry import Entry


class Evidence(msgspec.Struct, frozen=True):
    """What the judge saw.

    `similarity` and `nearest` belong to the closest neighbor in scope;
    `probability` and `candidate` to the one the judge likes best.  Both
    neighbors are named by the request that wrote them (`Entry.source`).
    """

    similarity: float | None = None
    nearest: str | None = None
    probability: float | None = None
    candidate: str | None = None


NO_EVIDENCE = Evidence()


class Hit(msgspec.Struct, frozen=True, tag="hit"):
    """Serve `entry`."""

    entry: Entry
    tier: Literal["exact", "semantic"]
    reason: str
    evidence: Evidence = NO_EVIDENCE


class Miss(msgspec.Struct, frozen=True, tag="miss"):
    """Ask upstream; `reason` is a slug for headers, metrics and the ledger."""

    reason: str
    evidence: Evidence = NO_EVIDENCE


class Bypass(msgspec.Struct, frozen=True, tag="bypass"):
    """Ask upstream without having looked."""

    reason: str


Verdict: TypeAlias = Hit | Miss | Bypass
