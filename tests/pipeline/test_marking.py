"""Tests of `sparingly.pipeline.marking`."""

from sparingly.core.fingerprint import Fingerprint, canon, fingerprint
from sparingly.core.policy import ScopePolicy
from sparingly.core.routing.target import Target
from sparingly.pipeline.marking import marked
from tests.asks import TENANT, ask

CANON = canon(ScopePolicy(), embedder="e")
PLAIN = Target("gpt-4o", "gpt-4o", "asked")


def mark(target: Target = PLAIN, *, switched: str = "", pin: str | None = None) -> Fingerprint:
    return marked(ask("Hi"), CANON, target, tenant=TENANT, switched=switched, pin=pin)


def test_a_request_without_anything_special_has_its_plain_fingerprint() -> None:
    """Headers that say nothing add nothing."""
    assert mark() == fingerprint(ask("Hi"), tenant=TENANT, canon=CANON)


def test_what_headers_say_keeps_answers_apart() -> None:
    """Another API version, a route by a label, a model of one's own: four answers."""
    labelled = Target("gpt-4o", "gpt-4o", "route", is_labelled=True)
    marks = [mark(), mark(switched="x=1"), mark(labelled), mark(pin="gpt-4o")]

    assert len({one.scope for one in marks}) == 4
