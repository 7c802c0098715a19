"""What an entry has earned: whether those who got its answer said that it was right or wrong.

A stored answer that was denied once is not given again on closeness alone, until many more
have confirmed it: it costs one call to ask anew, and trust to be wrong twice.
Confirmations never make a match easier than the judge found it; they only outweigh denials.
"""

from typing import Literal, TypeAlias

import msgspec

Said: TypeAlias = Literal["right", "wrong"]
"""What a caller, a sampled fresh answer or a model that judges says of an answer from memory."""

# An entry must be right in four of five: one denial takes seven confirmations to outweigh.
LEAST_TRUST = 0.8


class Standing(msgspec.Struct, frozen=True):
    """How often an entry's answer was confirmed and denied, for other questions than its own."""

    confirmed: int = 0
    denied: int = 0

    @property
    def trust(self) -> float:
        """The mean of the Beta posterior of "right" after an even prior, Beta(1, 1) (Laplace's rule of succession)."""
        return (1 + self.confirmed) / (2 + self.confirmed + self.denied)


def told(standing: Standing, said: Said) -> Standing:
    """The standing after one more word on the entry."""
    if said == "right":
        return Standing(standing.confirmed + 1, standing.denied)
    return Standing(standing.confirmed, standing.denied + 1)


def is_revoked(standing: Standing, *, least_trust: float = LEAST_TRUST) -> bool:
    """Whether the entry may no longer be served by closeness; nothing is held against one that nobody denied."""
    return standing.denied > 0 and standing.trust < least_trust


def weighed(probability: float, standing: Standing) -> float:
    """The judge's probability in the light of the standing: never higher, and lower once denied."""
    return probability if standing.denied == 0 else min(probability, standing.trust)
