"""Parts of a JSON value are blanked out by dotted paths."""

import pytest

from sparingly.telemetry.redaction import REDACTED, redact, steps

X = REDACTED


@pytest.mark.parametrize(
    ("path", "value", "expected"),
    [
        ("a", {"a": 1, "b": 2}, {"a": X, "b": 2}),
        ("a.b", {"a": {"b": [1, 2], "c": 3}}, {"a": {"b": X, "c": 3}}),
        ("a.*", {"a": {"b": 1, "c": 2}}, {"a": {"b": X, "c": X}}),
        ("a.*.c", {"a": [{"c": 1}, {"d": 2}, 3]}, {"a": [{"c": X}, {"d": 2}, 3]}),
        ("a.1", {"a": [1, 2, 3]}, {"a": [1, X, 3]}),
        ("*.a", {"x": {"a": 1}, "y": {"a": 2}}, {"x": {"a": X}, "y": {"a": X}}),
        ("a.b", {"a": "text"}, {"a": "text"}),
        ("a.9", {"a": [1]}, {"a": [1]}),
        ("a.-1", {"a": [1]}, {"a": [1]}),
        ("a.²", {"a": [1]}, {"a": [1]}),
        ("a." + "9" * 5_000, {"a": [1]}, {"a": [1]}),
        ("missing.b", {"a": 1}, {"a": 1}),
        ("a", {"a": None}, {"a": X}),
    ],
)
def test_what_a_path_leads_to_is_replaced_and_nothing_else(
    path: str, value: object, expected: object
) -> None:
    """A path that leads nowhere changes nothing."""
    assert redact(value, [steps(path)]) == expected


def test_several_paths_are_all_followed() -> None:
    """Also where one lies within what another replaced."""
    value = {"request": {"messages": [{"content": "secret", "role": "user"}], "user": "me"}}

    redact(value, [steps("request.messages.*.content"), steps("request.user"), steps("request.user.name")])

    assert value == {"request": {"messages": [{"content": X, "role": "user"}], "user": X}}
