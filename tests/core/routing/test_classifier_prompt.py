"""The question to a classifier model, and the strict reading of its answer."""

import pytest

from sparingly.core.chat import Ask, Text
from sparingly.core.features import Features
from sparingly.core.routing.classifier_prompt import classifier_ask, read_classification
from sparingly.core.routing.tiers import Classified

TIERS = ("simple", "standard", "complex")


def _texts(ask: Ask) -> list[str]:
    return [part.text for turn in ask.turns for part in turn.parts if isinstance(part, Text)]


def _ask(text: str, features: Features | None = None, tiers: tuple[str, ...] = TIERS) -> Ask:
    return classifier_ask(text, features or Features(turns=1), tiers=tiers, model="small", max_tokens=50)


@pytest.mark.parametrize(
    ("reply", "classified"),
    [
        ('{"tier": "simple", "confidence": 0.9}', Classified("simple", 0.9, {"simple": 0.9})),
        (' {"confidence": 1, "tier": "Complex"}\n', Classified("complex", 1.0, {"complex": 1.0})),
        (
            '```json\n{"tier": "standard", "confidence": 0}\n```',
            Classified("standard", 0.0, {"standard": 0.0}),
        ),
        ('{"tier": "simple", "confidence": 0.9, "why": "short"}', Classified("simple", 0.9, {"simple": 0.9})),
        ("simple", Classified("simple", 1.0, {"simple": 1.0})),
        (" **Complex**.", Classified("complex", 1.0, {"complex": 1.0})),
        ('"standard"', Classified("standard", 1.0, {"standard": 1.0})),
        ("", None),
        ("simple or standard", None),
        ("The tier is simple.", None),
        ("medium", None),
        ("{}", None),
        ('{"tier": "simple"}', None),
        ('{"tier": "medium", "confidence": 0.9}', None),
        ('{"tier": "simple", "confidence": 1.1}', None),
        ('{"tier": "simple", "confidence": -0.1}', None),
        ('{"tier": "simple", "confidence": NaN}', None),
        ('{"tier": "simple", "confidence": "0.9"}', None),
        ('{"tier": "simple", "confidence": true}', None),
        ('{"tier": ["simple"], "confidence": 0.9}', None),
        ('{"tier": "simple", "confidence": 0.9} {"tier": "complex", "confidence": 0.9}', None),
        ('["simple", 0.9]', None),
        ("\ud800", None),
    ],
)
def test_an_answer_is_read_strictly(reply: str, classified: Classified | None) -> None:
    """JSON with both fields, fenced or not, or one bare word; anything else is no answer."""
    assert read_classification(reply, tiers=TIERS) == classified


def test_the_question_names_the_tiers_and_stays_within_its_tokens() -> None:
    """The request is marked off as material, and the answer is short."""
    ask = _ask("How tall is it?")

    system, material = _texts(ask)
    assert "simple, standard, complex" in system
    assert material == "<request>\nHow tall is it?\n</request>"
    assert (ask.model, ask.sampling.max_tokens, ask.stream) == ("small", 50, False)


def test_a_long_request_is_cut_in_the_middle() -> None:
    """What is asked shows at the beginning and the end; the classifier must stay cheap."""
    ask = _ask("begin " + "x" * 100_000 + " end")

    material = _texts(ask)[1]
    assert len(material) < 2_200
    assert material.startswith("<request>\nbegin x")
    assert material.endswith("x end\n</request>")
    assert "98010 characters left out" in material


def test_what_the_text_does_not_show_is_told() -> None:
    """Earlier turns, tools and pictures make a request harder than its last words."""
    ask = _ask("And now?", Features(turns=5, tools=3, images=1))

    assert _texts(ask)[1].startswith("Comes with earlier turns: 4, tools offered: 3, pictures: 1.\n<request>")


def test_two_tiers_have_nothing_between_them() -> None:
    """The names are the config's own."""
    system = _texts(_ask("x", tiers=("small", "large")))[0]

    assert "small, large" in system
    assert "between them" not in system
