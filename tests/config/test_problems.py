"""All problems in one error, the first in its first line."""

from sparingly.config.problems import Problem, config_error, joined


def test_paths_are_dotted_and_list_items_in_brackets() -> None:
    """They read like the place in the file."""
    assert joined("", "cache") == "cache"
    assert joined("models", "gpt-4o") == "models.gpt-4o"
    assert joined("a.b", 0) == "a.b[0]"


def test_one_problem_is_one_line_with_path_reason_and_place() -> None:
    """The operator sees what, why and where."""
    error = config_error([Problem("cache.k", "too small")], source="g.yaml", lines={"cache.k": 7})

    assert str(error) == "cache.k: too small (g.yaml line 7)"
    assert error.path == "cache.k"


def test_several_problems_are_told_together() -> None:
    """One run shows everything that is to be mended."""
    error = config_error([Problem("a", "x"), Problem("b", "y"), Problem("", "z")], source="g.yaml")

    assert str(error).splitlines() == [
        "a: x (g.yaml; 2 more below)",
        "  b: y (g.yaml)",
        "  z (g.yaml)",
    ]


def test_a_path_that_is_not_written_gets_the_line_of_its_section() -> None:
    """A default may be wrong for what stands around it."""
    lines = {"models": 3, "models.m": 4, "models.m.deployments[0]": 6}

    inner = config_error([Problem("models.m.deployments[0].weight", "x")], source="f", lines=lines)
    outer = config_error([Problem("models.m.price.input", "x")], source="f", lines=lines)

    assert "line 6" in str(inner)
    assert "line 4" in str(outer)
