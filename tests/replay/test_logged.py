import pytest

from sparingly.replay.logged import Logged, Trace


@pytest.mark.parametrize(("times", "span_s"), [([], 0.0), ([5.0], 0.0), ([5.0, 7.0, 9.5], 4.5)])
def test_the_span_is_from_the_first_request_to_the_last(times: list[float], span_s: float) -> None:
    """A log of one request has none."""
    requests = tuple(Logged(str(time), time, b"{}") for time in times)

    assert Trace("log", "sparingly", "", requests).span_s == span_s
