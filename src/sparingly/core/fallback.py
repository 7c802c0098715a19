"""Decide what to do when an attempt has failed: again, the next candidate, or give up.

Giving up means to serve what there is: the provider's own error, status and
body, where one came, and ours where none did.

Cases, first match wins:
 1. the client has seen content: give up, whatever happened;
 2. the request itself is at fault (400, 413, 422 and the like): give up, every candidate would say so;
 3. this deployment will not serve it, now or later (bad key, no credit, no such
    model): the next candidate, unless the bad key was the client's own;
 4. the trouble may pass (no connection, 408, 429, 5xx): again, after the
    provider's Retry-After or an exponential wait, while attempts last;
 5. a Retry-After longer than the operator's patience, or attempts used up: the next candidate.
"""

from email.utils import parsedate_to_datetime
from typing import TypeAlias, assert_never

import msgspec

from sparingly.core.policy import Retry


class Unreachable(msgspec.Struct, frozen=True, tag="unreachable"):
    """No answer began."""


class Refused(msgspec.Struct, frozen=True, tag="refused"):
    """The provider replied with an error status; `retry_after` is its header as it came."""

    status: int
    retry_after: str | None = None
    client_key: bool = False
    """Whether the key was the client's own, so that a bad key is the client's fault."""


class Broken(msgspec.Struct, frozen=True, tag="broken"):
    """An answer began and was cut or made no sense; `content_seen` by the client."""

    content_seen: bool = False


Outcome: TypeAlias = Unreachable | Refused | Broken


class Again(msgspec.Struct, frozen=True, tag="again"):
    """Ask the same candidate after a wait."""

    wait_s: float


class NextCandidate(msgspec.Struct, frozen=True, tag="next"):
    """Ask the next candidate at once."""


class GiveUp(msgspec.Struct, frozen=True, tag="give_up"):
    """Serve what there is."""


Step: TypeAlias = Again | NextCandidate | GiveUp

# Bad or missing key, no credit left, key not allowed, no such model at this address: no wait will mend them.
_WRONG_PLACE = frozenset({401, 402, 403, 404})
_KEY_TROUBLE = frozenset({401, 402, 403})
# 408: the provider timed out reading us.  425 and 429 ask for later by definition.
_PASSING = frozenset({408, 425, 429})
# 501 and 505 say never, not later (RFC 9110, 15.6.2 and 15.6.6); all other 5xx, 529 (Anthropic's
# "overloaded") and the 52x of CDNs included, may pass.
_LASTING_5XX = frozenset({501, 505})


def next_step(
    outcome: Outcome, *, attempt: int, candidates_left: int, retry: Retry, now: float, draw: float
) -> Step:
    """What to do after the `attempt`-th try (from 1) of this candidate failed.

    `now` is Unix seconds, for a Retry-After that is a date; `draw` in [0, 1) is the jitter.
    """
    onward: Step = NextCandidate() if candidates_left > 0 else GiveUp()
    match outcome:
        case Broken(content_seen=True):
            return GiveUp()
        case Broken() | Unreachable():
            return _again_or(onward, attempt, retry, None, draw)
        case Refused(status=status) if status in _WRONG_PLACE:
            return GiveUp() if outcome.client_key and status in _KEY_TROUBLE else onward
        case Refused(status=status) if _may_pass(status):
            asked_s = retry_after_s(outcome.retry_after, now=now)
            return _again_or(onward, attempt, retry, asked_s, draw)
        case Refused(status=status):
            return onward if status >= 500 else GiveUp()
        case _:
            assert_never(outcome)


def retry_after_s(header: str | None, *, now: float) -> float | None:
    """Seconds that a Retry-After header asks for (RFC 9110, 10.2.3), None where it says nothing."""
    text = (header or "").strip()
    if text.isascii() and text.replace(".", "", 1).isdigit():
        # The RFC knows whole seconds only; fractions have been seen from providers.
        return float(text)
    try:
        date = parsedate_to_datetime(text)
    except ValueError:
        # Not a date either: a header nobody can read asks for nothing.
        return None
    return max(0.0, date.timestamp() - now)


def is_deployments_fault(outcome: Outcome) -> bool:
    """Whether the outcome counts against the deployment's health."""
    match outcome:
        case Refused(status=404):
            # Names that clients make up must not fill the health table.
            return False
        case Refused(status=status) if status in _KEY_TROUBLE:
            return not outcome.client_key
        case Refused(status=429):
            # A client's own key has its own limit, which says nothing about other clients.
            return not outcome.client_key
        case Refused(status=status):
            return _may_pass(status) or status >= 500
        case Unreachable() | Broken():
            return True
        case _:
            assert_never(outcome)


def _may_pass(status: int) -> bool:
    return status in _PASSING or (500 <= status < 600 and status not in _LASTING_5XX)


def _again_or(onward: Step, attempt: int, retry: Retry, asked_s: float | None, draw: float) -> Step:
    if attempt >= retry.attempts:
        return onward
    if asked_s is not None:
        if asked_s > retry.max_wait_s:
            return onward
        # A little later than asked, spread out: everyone was told the same second.
        return Again(asked_s + draw * retry.base_wait_s)
    ceiling_s = min(retry.max_wait_s, retry.base_wait_s * 2.0 ** min(attempt - 1, 30))
    # Half fixed, half jitter: spreads retries without ever hammering at once.
    return Again(ceiling_s * (0.5 + 0.5 * draw))
