import pytest

from sparingly.replay.labels import judged
from sparingly.replay.logged import Logged


def _logged(id_: str, label: str | None = None, differs: set[str] | None = None) -> Logged:
    return Logged(
        id=id_, time=0.0, request=b"{}", label=label, differs=None if differs is None else frozenset(differs)
    )


CASES = [
    ("equal labels", _logged("a", "x"), _logged("b", "x"), "right"),
    ("different labels", _logged("a", "x"), _logged("b", "y"), "wrong"),
    ("no label on the request", _logged("a"), _logged("b", "y"), "unjudged"),
    ("no label on the source", _logged("a", "x"), _logged("b"), "unjudged"),
    ("no labels at all", _logged("a"), _logged("b"), "unjudged"),
    ("the request lists the source", _logged("a", "x", {"b"}), _logged("b", "y", set()), "wrong"),
    ("the source lists the request", _logged("a", "x", set()), _logged("b", "y", {"a"}), "wrong"),
    ("only the source has differs, and lists", _logged("a", "x"), _logged("b", "y", {"a"}), "wrong"),
    ("listed without labels", _logged("a", None, {"b"}), _logged("b"), "wrong"),
    ("not listed, other label", _logged("a", "x", {"c"}), _logged("b", "y", set()), "unjudged"),
    ("empty differs, other label", _logged("a", "x", set()), _logged("b", "y"), "unjudged"),
    ("empty differs, equal label", _logged("a", "x", set()), _logged("b", "x", set()), "right"),
    (
        "differs of the source alone makes nothing unjudged",
        _logged("a", "x"),
        _logged("b", "y", set()),
        "wrong",
    ),
    ("listed although labels are equal", _logged("a", "x", {"b"}), _logged("b", "x", set()), "wrong"),
    ("an empty label is a label", _logged("a", ""), _logged("b", ""), "right"),
]


@pytest.mark.parametrize(
    ("request_", "source", "expected"), [case[1:] for case in CASES], ids=[case[0] for case in CASES]
)
def test_labels_and_differences_decide(request_: Logged, source: Logged, expected: str) -> None:
    """FORMATS section 1, row by row."""
    assert judged(request_, source) == expected


@pytest.mark.parametrize("case", CASES, ids=[case[0] for case in CASES])
def test_being_listed_is_symmetric(case: tuple[str, Logged, Logged, str]) -> None:
    """Who lists whom makes no difference to what is wrong by listing."""
    _, request, source, expected = case
    is_listed = source.id in (request.differs or ()) or request.id in (source.differs or ())

    assert (judged(source, request) == "wrong") >= is_listed
    assert (expected == "wrong") >= is_listed
