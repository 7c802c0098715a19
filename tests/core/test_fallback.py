"""What follows a failed attempt."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sparingly.core.fallback import (
    Again,
    Broken,
    GiveUp,
    NextCandidate,
    Outcome,
    Refused,
    Step,
    Unreachable,
    is_deployments_fault,
    next_step,
    retry_after_s,
)
from sparingly.core.policy import Retry

RETRY = Retry(attempts=3, base_wait_s=0.5, max_wait_s=8)
# Sun, 06 Nov 1994 08:49:37 GMT, the example date of RFC 9110, 5.6.7.
NOW = 784_111_777.0

PASSING = [408, 425, 429, 500, 502, 503, 504, 520, 529]
LASTING = [400, 405, 409, 410, 413, 415, 422]


def _step(outcome: Outcome, *, attempt: int = 1, left: int = 1, draw: float = 0.0) -> Step:
    return next_step(outcome, attempt=attempt, candidates_left=left, retry=RETRY, now=NOW, draw=draw)


@pytest.mark.parametrize("outcome", [Unreachable(), Broken(), *(Refused(status) for status in PASSING)])
def test_trouble_that_may_pass_is_tried_again_and_then_elsewhere(outcome: Outcome) -> None:
    """Attempts are per candidate, the first one included."""
    steps = [_step(outcome, attempt=attempt) for attempt in (1, 2, 3)]

    assert steps == [Again(0.25), Again(0.5), NextCandidate()]
    assert _step(outcome, attempt=3, left=0) == GiveUp()


@pytest.mark.parametrize("status", LASTING)
def test_a_request_at_fault_is_answered_as_it_is(status: int) -> None:
    """Every other candidate would say the same."""
    assert _step(Refused(status)) == GiveUp()


@pytest.mark.parametrize("status", [401, 402, 403, 404, 501, 505])
def test_a_deployment_that_will_not_serve_is_left_at_once(status: int) -> None:
    """No wait mends a bad key or a missing model."""
    assert _step(Refused(status)) == NextCandidate()
    assert _step(Refused(status), left=0) == GiveUp()


@pytest.mark.parametrize(("status", "step"), [(401, GiveUp()), (403, GiveUp()), (404, NextCandidate())])
def test_a_bad_key_of_the_clients_own_is_the_clients_business(status: int, step: Step) -> None:
    """Handing it to the next provider would only spread it."""
    assert _step(Refused(status, client_key=True)) == step


@given(st.integers(1, 9), st.integers(0, 9), st.floats(0, 0.999))
def test_nothing_is_tried_again_once_content_was_seen(attempt: int, left: int, draw: float) -> None:
    """Whatever else holds."""
    assert _step(Broken(content_seen=True), attempt=attempt, left=left, draw=draw) == GiveUp()


@pytest.mark.parametrize(
    ("header", "step"),
    [
        ("2", Again(2.0)),
        ("8", Again(8.0)),
        ("9", NextCandidate()),
        ("0", Again(0.0)),
        ("Sun, 06 Nov 1994 08:49:40 GMT", Again(3.0)),
        ("Sun, 06 Nov 1994 09:49:40 GMT", NextCandidate()),
        ("soon", Again(0.25)),
        (None, Again(0.25)),
    ],
)
def test_retry_after_is_honored_as_far_as_patience_goes(header: str | None, step: Step) -> None:
    """Longer than `max_wait_s` means the next candidate; unreadable means our own wait."""
    assert _step(Refused(429, header)) == step


def test_a_retry_after_too_long_is_told_to_the_client_when_nobody_else_is_left() -> None:
    """The provider's 429 with its header is the most useful answer there is."""
    assert _step(Refused(429, "60"), left=0) == GiveUp()


@given(st.integers(1, 100), st.floats(0, 0.999))
def test_waits_stay_within_the_operators_patience(attempt: int, draw: float) -> None:
    """However many attempts are allowed."""
    retry = Retry(attempts=101, base_wait_s=0.5, max_wait_s=8)

    step = next_step(Unreachable(), attempt=attempt, candidates_left=0, retry=retry, now=NOW, draw=draw)

    assert isinstance(step, Again)
    assert 0.25 <= step.wait_s <= 8


@pytest.mark.parametrize("draw", [0.0, 0.5, 0.99])
def test_jitter_never_comes_before_the_providers_time(draw: float) -> None:
    """It is only added."""
    step = _step(Refused(503, "2"), draw=draw)

    assert step == Again(2.0 + draw * 0.5)


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        ("120", 120.0),
        (" 1.5 ", 1.5),
        ("Sun, 06 Nov 1994 08:49:37 GMT", 0.0),
        ("Sun, 06 Nov 1994 08:49:30 GMT", 0.0),
        ("Sun, 06 Nov 1994 08:50:37 GMT", 60.0),
        ("-5", None),
        ("", None),
        ("tomorrow", None),
        ("1e400", None),
        ("٣", None),
        (None, None),
    ],
)
def test_retry_after_is_seconds_or_a_date(header: str | None, seconds: float | None) -> None:
    """A date in the past is now; what nobody can read says nothing."""
    assert retry_after_s(header, now=NOW) == seconds


@pytest.mark.parametrize(
    ("outcome", "fault"),
    [
        (Unreachable(), True),
        (Broken(), True),
        (Broken(content_seen=True), True),
        (Refused(500), True),
        (Refused(501), True),
        (Refused(429), True),
        (Refused(429, client_key=True), False),
        (Refused(401), True),
        (Refused(401, client_key=True), False),
        (Refused(404), False),
        (Refused(400), False),
        (Refused(422), False),
    ],
)
def test_health_counts_what_the_deployment_did(outcome: Outcome, *, fault: bool) -> None:
    """Not what a client sent, nor a key that is the client's own."""
    assert is_deployments_fault(outcome) == fault
