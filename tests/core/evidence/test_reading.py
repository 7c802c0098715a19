"""Reading a question once."""

import pytest

from sparingly.core.evidence.reading import CLASSES
from tests.core.evidence.readings import reading


def test_a_question_is_read_in_parts() -> None:
    """Words in normal form, numbers, names, negation, kind and relations."""
    found = reading("Why can't I transfer $500 from Chase to Revolut?")

    assert found.words == ("why", "can", "not", "i", "transfer", "500", "from", "chase", "to", "revolut")
    assert found.numbers == ("500 usd",)
    assert found.negations == 1
    assert {"chase", "revolut"} <= found.entities
    assert found.kind == "reason"
    assert ("chase", "to", "revolut") in found.arcs


def test_names_need_a_capital_inside_a_sentence() -> None:
    """The first word has one anyway; in title case every word has."""
    assert reading("Password for Netflix").entities == {"netflix"}
    assert reading("How To Reset The Password Of My Account").entities == frozenset()
    assert reading("how do i use `my_tool`").entities >= {"tool"}


def test_what_frames_a_request_says_nothing_of_its_subject() -> None:
    """At the beginning only: further in, the same word is what is asked about."""
    framed = reading(
        "Please give me a simple explanation of webhooks in the checkout page, and of its mail process"
    )

    assert framed.content == ("webhook", "checkout", "page", "mail", "process")
    assert reading("Explain the process").content == ("explain", "process")


def test_how_i_should_and_how_i_can_ask_for_one_way() -> None:
    """Elsewhere a modal changes the question."""
    modal = list(CLASSES).index("modal")

    assert not reading("How should I outline a checklist?").classes[modal]
    assert reading("Should I outline a checklist?").classes[modal] == {"should"}
    assert reading("How do I know if I should go?").classes[modal] == {"should"}


@pytest.mark.parametrize(
    ("text", "task"),
    [
        ("Can you write a polite letter about the audit?", {"polite", "letter"}),
        ("I need a poem on rain", {"poem"}),
        ("Summarize the contract", {"summarize"}),
        ("Describe for a newcomer the audit", set()),
        ("Give me the steps to reset it", set()),
        ("How do I reset it?", None),
        ("", None),
    ],
)
def test_what_kind_of_text_is_to_be_made_stands_before_what_it_is_about(
    text: str, task: set[str] | None
) -> None:
    """A plain description is of no kind, and a question makes nothing."""
    assert reading(text).task == task


def test_a_word_outside_the_table_is_as_rare_as_can_be() -> None:
    """And resembles no other."""
    found = reading("reset zorblax")

    assert found.weights == {"reset": pytest.approx(0.4), "zorblax": 1.0}
    assert found.unknown == {"zorblax"}
    assert not found.vectors[1].any()


@pytest.mark.parametrize(
    "text",
    [
        "",
        " ",
        "\U0001f600\U0001f600",
        "\x00\x01\x02",
        "a" * 100_000,
        "\u8bf7\u95ee \u4f60\u597d",
        "\ud800",
        "?" * 500,
        "1" * 5_000,
        "1," * 900,
        "`" * 80,
        "\u0661\u0662",
        "\u00b2",
    ],
)
def test_any_text_can_be_read(text: str) -> None:
    """Empty, symbols, control characters, lone surrogates, digits of all kinds, and far too long."""
    found = reading(text)

    assert len(found.words) <= 256
    assert found.is_cut == (len(text) > 4_000)
