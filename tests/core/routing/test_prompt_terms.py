"""What of a text's words and size is kept."""

import re
from zlib import crc32

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sparingly.core.routing.prompt_terms import BUCKETS, SIZES, terms_of, weighed


def test_case_does_not_count_and_order_does() -> None:
    """Single words and pairs of neighbors are terms."""
    asked = terms_of("Dog bites man")

    same, other = terms_of("dog BITES man"), terms_of("man bites dog")

    assert asked.buckets.tolist() == same.buckets.tolist()
    assert len(asked.buckets) == 5
    assert len(set(asked.buckets) & set(other.buckets)) == 3


def test_buckets_are_the_same_on_every_machine() -> None:
    """A fitted file's weights hang on them."""
    assert terms_of("hello").buckets.tolist() == [0x3610A686 % BUCKETS]


@given(st.text(max_size=200))
def test_words_are_runs_of_letters_digits_and_what_is_not_ascii(text: str) -> None:
    """Whatever else there is parts them."""
    words = re.findall(rb"[0-9a-z_\x80-\xff]+", text.lower().encode())

    assert {crc32(word) % BUCKETS for word in words} <= set(terms_of(text).buckets.tolist())
    assert len(terms_of(text).buckets) <= max(0, 2 * len(words) - 1)


def test_a_word_said_often_counts_more_but_not_as_often() -> None:
    """In logarithms."""
    once, often = terms_of("go"), terms_of("go. " * 10)

    assert 1.0 < often.counts.max() < 10 * once.counts.max()


@pytest.mark.parametrize("text", ["", "?!", "\ud800", "日本語のテキスト", "a" * 10_000])
def test_any_text_can_be_read(text: str) -> None:
    """Without words, ill-formed, in any script, or of any length."""
    terms = terms_of(text)

    assert terms.sizes.shape == (SIZES,)
    assert np.isfinite(terms.sizes).all()
    assert len(terms.buckets) == len(terms.counts)


def test_sizes_are_logarithms_of_length_lines_digits_and_signs() -> None:
    """Of the head, except for the length."""
    terms = terms_of("a1 b22\n(c)")

    np.testing.assert_allclose(np.expm1(terms.sizes), [10, 1, 3, 2], rtol=1e-5)


def test_weighed_terms_are_a_unit_vector_in_which_rare_words_weigh_more() -> None:
    """Unless no term weighs anything."""
    terms = terms_of("go home")
    rarity = np.ones(BUCKETS, dtype=np.float32)
    rarity[terms.buckets[0]] = 3.0

    values = weighed(terms, rarity)

    assert float(values @ values) == pytest.approx(1.0, rel=1e-5)
    assert values[0] == pytest.approx(3 * values[1], rel=1e-5)
    assert weighed(terms, np.zeros(BUCKETS, dtype=np.float32)).tolist() == [0.0] * len(terms.buckets)
