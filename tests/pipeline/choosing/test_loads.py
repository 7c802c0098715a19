"""What each deployment is doing now."""

import pytest

from sparingly.core.routing.balance import Load
from sparingly.pipeline.choosing.loads import Loads

A = ("one", "m")


def test_work_counts_until_it_ends_once() -> None:
    """However often that is said."""
    loads = Loads()
    first, second = loads.begin(A), loads.begin(A)

    first.end()
    first.end()

    assert loads.load(A, now=0.0) == Load(busy=1)
    second.end()
    assert loads.load(A, now=0.0) == Load()


def test_latency_follows_what_is_measured() -> None:
    """A fifth of the way each time, so that one outlier moves little."""
    loads = Loads()

    loads.answered(A, 1.0, now=0.0)
    loads.answered(A, 2.0, now=1.0)

    assert loads.latency_s(A, now=2.0) == pytest.approx(1.2)


def test_what_was_measured_long_ago_is_forgotten() -> None:
    """A deployment that was slow once is tried again."""
    loads = Loads()
    loads.answered(A, 9.0, now=0.0)

    assert loads.latency_s(A, now=60.0) == 9.0
    assert loads.latency_s(A, now=60.1) is None
    loads.answered(A, 1.0, now=100.0)
    assert loads.latency_s(A, now=100.0) == 1.0


def test_names_that_clients_make_up_do_not_fill_memory() -> None:
    """Far more than any config has, and all are dropped."""
    loads = Loads()
    for number in range(3_000):
        loads.answered(("one", f"made-up-{number}"), 1.0, now=0.0)

    assert len(loads._latency) <= 1_000
