"""What two requests must have in common before one may be answered for the other."""

from hashlib import blake2b
from random import Random

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sparingly.core.chat import (
    Ask,
    Image,
    Opaque,
    Tenant,
    Text,
    ToolCall,
    ToolResult,
    Turn,
    canonical_json,
)
from sparingly.core.fingerprint import Canon, Fingerprint, canon, fingerprint
from sparingly.core.policy import ScopePolicy
from tests.asks import CANON, QUESTION, TENANT, WEATHER, ask, ignoring, mark, turn
from tests.scope_changes import CHANGES
from tests.scoped_requests import request, reworded

# Enough and no more: a seeded generator makes a pair in 40 us, hypothesis in a millisecond.
PAIRS_PER_FIELD = 500
THOROUGH_PAIRS_PER_FIELD = 5_000


@pytest.mark.parametrize("field", CHANGES)
def test_requests_that_differ_in_one_scope_field_never_meet(field: str) -> None:
    """Neither tier: 25 fields with 500 pairs each are 12,500 pairs."""
    _hold_pairs_apart(field, pairs=PAIRS_PER_FIELD)


@pytest.mark.thorough
@pytest.mark.timeout(300)
@pytest.mark.parametrize("field", CHANGES)
def test_requests_that_differ_in_one_scope_field_never_meet_in_125_000_pairs(field: str) -> None:
    """The same law, ten times as long and with other seeds."""
    _hold_pairs_apart(f"thorough {field}", pairs=THOROUGH_PAIRS_PER_FIELD)


def _hold_pairs_apart(field: str, *, pairs: int) -> None:
    rng = Random(field)
    change = CHANGES[field.removeprefix("thorough ")]
    for _ in range(pairs):
        one = request(rng)
        two = change(rng, one)
        if rng.random() < 0.5:
            two = reworded(rng, two)

        first, second = one.fingerprint(), two.fingerprint()

        assert first.scope != second.scope, (one, two)
        assert first.digest != second.digest, (one, two)


def test_among_all_requests_only_equal_ones_share_a_scope_or_a_digest() -> None:
    """Not only neighbors: of 4,000 requests and their changes every two are compared."""
    rng = Random(0)
    by_scope: dict[str, object] = {}
    by_digest: dict[str, object] = {}
    for _ in range(2_000):
        one = request(rng)
        for asked in (one, rng.choice(tuple(CHANGES.values()))(rng, one)):
            found = asked.fingerprint()

            assert by_scope.setdefault(found.scope, asked.scope_key()) == asked.scope_key(), asked
            what = (asked.scope_key(), asked.words())
            assert by_digest.setdefault(found.digest, what) == what, asked


def test_words_of_the_last_turn_never_touch_the_scope() -> None:
    """They are compared by closeness; different words differ in the digest alone."""
    rng = Random("words")
    for _ in range(2_000):
        one = request(rng)
        two = reworded(rng, one)

        first, second = one.fingerprint(), two.fingerprint()

        assert first.scope == second.scope, (one, two)
        assert (first.digest == second.digest) == (one.words() == two.words()), (one, two)


@given(st.lists(st.text(), min_size=1, max_size=3), st.lists(st.text(), min_size=1, max_size=3))
def test_two_different_texts_never_share_a_digest(one: list[str], two: list[str]) -> None:
    """However they are cut into parts."""
    assert (mark(ask(*one)).digest == mark(ask(*two)).digest) == (one == two)


def test_how_an_answer_travels_is_not_part_of_the_question() -> None:
    """Streamed and whole answers stand in for each other."""
    streamed = msgspec.structs.replace(ask(), stream=True, include_usage=True)

    assert mark(streamed) == mark(ask())


def test_a_pinned_model_shares_nothing_with_an_asked_one() -> None:
    """The config may map the asked name to another model; a pin is taken at its word."""
    asked = fingerprint(ask(model="gpt-4o"), tenant=TENANT, canon=CANON)
    pinned = fingerprint(ask(model="gpt-4o"), tenant=TENANT, canon=CANON, pinned=True)

    assert pinned.scope != asked.scope


def test_scope_and_digest_are_uuids() -> None:
    """32 hex digits, so that a store can use the digest as a point id."""
    found = mark()

    assert len(bytes.fromhex(found.scope)) == 16
    assert len(bytes.fromhex(found.digest)) == 16
    assert str(found.scope) != str(found.digest)


IMAGE = Image("data:image/png;base64,AAAA")
EMBEDDINGS = canonical_json({"openai-embeddings": {"embeddings": {}}})
FILE = Opaque(canonical_json({"type": "file"}))


@pytest.mark.parametrize(
    ("asked", "text", "exact_only"),
    [
        (ask("Why?"), "Why?", None),
        (ask("Why?", "And how?"), "Why?\n\nAnd how?", None),
        (ask("Why?", system="Be brief."), "Why?", None),
        (ask("Why?", earlier=[turn("developer", "Be brief.")]), "Why?", None),
        (Ask("m", (turn("user", IMAGE, "Why?"),)), "Why?", None),
        (ask("Why?", earlier=[turn("user", "Hi"), turn("assistant", "Hello")]), "Why?", "later-turn"),
        (ask("Why?", earlier=[turn("user", "Hi")]), "Why?", "later-turn"),
        (ask("Why?", tools=(WEATHER,)), "Why?", "tools-offered"),
        (ask("Why?", earlier=[turn("user", "Hi")], tools=(WEATHER,)), "Why?", "later-turn"),
        (ask(""), "", "no-user-text"),
        (ask(" \n"), " \n", "no-user-text"),
        (Ask("m", (turn("user", IMAGE),)), None, "no-user-text"),
        (Ask("m", (turn("system", "Be brief."),)), None, "no-user-text"),
        (Ask("m", ()), None, "no-user-text"),
        (Ask("m", (turn("user", "Why?"), turn("assistant", "Because"))), None, "later-turn"),
        (Ask("m", (turn("tool", "Why?"),)), None, "later-turn"),
        (Ask("m", (turn("tool", "Why?"),), extra=EMBEDDINGS), None, "embeddings"),
        (Ask("m", (turn("user", "Hi"), turn("user", "Why?")), extra=EMBEDDINGS), "Why?", "later-turn"),
        (Ask("m", (turn("user", ToolResult("1", (Text("42"),))),)), None, "no-user-text"),
        (Ask("m", (turn("user", "Why?", FILE),)), "Why?", "attachment"),
        (Ask("m", ask("Why?").turns, extra=canonical_json({"top_k": 5})), "Why?", None),
        (Ask("m", ask("Why?").turns, extra=canonical_json({"top_k": 5, "new": 1})), "Why?", "unknown-field"),
        (Ask("m", ask("Why?").turns, extra=canonical_json({})), "Why?", None),
    ],
)
def test_closeness_is_tried_only_where_nothing_speaks_against_it(
    asked: Ask, text: str | None, exact_only: str | None
) -> None:
    """A first question of words alone, without tools and unknown fields."""
    found = mark(asked)

    assert (found.text, found.exact_only) == (text, exact_only)


def test_an_ignored_stretch_of_the_system_prompt_makes_no_difference() -> None:
    """What the operator calls volatile is blanked out, and nothing beside it."""
    blanks = ignoring(r"Today is \w+\.", r"id=\d+")
    monday = mark(ask(system="Today is Monday. Be brief. id=1"), canon=blanks)

    assert mark(ask(system="Today is Tuesday. Be brief. id=27"), canon=blanks) == monday
    assert mark(ask(system="Today is Monday. Be rude. id=1"), canon=blanks).scope != monday.scope
    assert mark(ask(system="Today is Monday. Be brief. id=x"), canon=blanks).scope != monday.scope


def test_a_blanked_stretch_is_not_the_same_as_none() -> None:
    """Where something stood is part of the prompt still."""
    blanks = ignoring(r"id=\d+")

    assert mark(ask(system="Hi id=1"), canon=blanks).scope != mark(ask(system="Hi "), canon=blanks).scope


def test_developer_prompts_are_blanked_like_system_prompts() -> None:
    """It is the newer name of the same role; attachments in it stay."""
    blanks = ignoring(r"\d+")

    def asked(words: str, picture: str) -> Fingerprint:
        return mark(ask(earlier=[turn("developer", words, Image(picture))]), canon=blanks)

    assert asked("It is 9.", "1") == asked("It is 10.", "1")
    assert asked("It is 9.", "1").scope != asked("It is 9.", "2").scope


@pytest.mark.parametrize("role", ["user", "assistant", "tool"])
def test_patterns_touch_no_words_of_the_conversation(role: str) -> None:
    """A number that a user wrote is a fact, not a nuisance."""
    blanks = ignoring(r"\d+")

    def asked(words: str) -> Fingerprint:
        earlier = msgspec.convert({"role": role, "parts": [{"type": "text", "text": words}]}, Turn)
        return fingerprint(ask(earlier=[earlier]), tenant=TENANT, canon=blanks)

    assert asked("It is 9.").scope != asked("It is 10.").scope


def test_patterns_touch_no_words_of_the_question() -> None:
    """The last user turn is the text itself."""
    blanks = ignoring(r"\d+")

    assert mark(ask("What is 9+1?"), canon=blanks).digest != mark(ask("What is 9+2?"), canon=blanks).digest
    assert mark(ask("What is 9+1?"), canon=blanks).text == "What is 9+1?"


def test_tenants_that_agree_to_share_have_one_scope() -> None:
    """In whatever order the group names them."""
    one = canon(ScopePolicy(shared=(("a", "b"),)), embedder="minilm")
    two = canon(ScopePolicy(shared=(("b", "a"),)), embedder="minilm")

    ours, theirs = mark(tenant=Tenant("a"), canon=one), mark(tenant=Tenant("b"), canon=two)

    assert (ours.scope, ours.digest) == (theirs.scope, theirs.digest)
    assert ours.is_shared
    assert not mark(tenant=Tenant("c"), canon=one).is_shared
    assert mark(tenant=Tenant("c"), canon=one).scope != mark(tenant=Tenant("a"), canon=one).scope


def test_a_private_request_of_a_group_is_its_tenants_alone() -> None:
    """As if there were no group."""
    shared = canon(ScopePolicy(shared=(("a", "b"),)), embedder=CANON.embedder)

    private = fingerprint(ask(), tenant=Tenant("a"), canon=shared, is_private=True)

    assert private == mark(tenant=Tenant("a"), canon=CANON)
    assert private.scope != mark(tenant=Tenant("a"), canon=shared).scope


@pytest.mark.parametrize(
    ("one", "two"),
    [
        (("a", "b+c"), ("a+b", "c")),
        (("a", "b", "c"), ("a+b", "c")),
        (('a","b', "c"), ("a", "b", "c")),
        (("a", "b,c"), ("a,b", "c")),
    ],
)
def test_groups_never_meet_by_their_members_names(one: tuple[str, ...], two: tuple[str, ...]) -> None:
    """A tenant's name may hold any character, the one that joins names included."""
    first = canon(ScopePolicy(shared=(one,)), embedder="minilm")
    second = canon(ScopePolicy(shared=(two,)), embedder="minilm")

    assert mark(tenant=Tenant(one[0]), canon=first).scope != mark(tenant=Tenant(two[0]), canon=second).scope


@given(st.lists(st.text(max_size=4), min_size=1, max_size=3, unique=True), st.text(max_size=12))
def test_no_tenant_can_name_itself_into_a_group(group: list[str], name: str) -> None:
    """Tenants and groups live in different name spaces."""
    shared = canon(ScopePolicy(shared=(tuple(group),)), embedder="minilm")
    inside = mark(tenant=Tenant(group[0]), canon=shared).scope

    assert (mark(tenant=Tenant(name), canon=shared).scope == inside) == (name in group)
    assert mark(tenant=Tenant(shared.groups[group[0]]), canon=CANON).scope != inside


def test_a_canon_compiles_what_the_policy_says() -> None:
    """Without patterns and groups it is only the embedder's name."""
    assert canon(ScopePolicy(), embedder="minilm") == Canon("minilm")
    assert [pattern.pattern for pattern in canon(ScopePolicy(ignore=(r"\d",)), embedder="m").ignore] == [
        r"\d"
    ]


def test_tool_calls_of_earlier_turns_count_to_the_letter() -> None:
    """Their ids and arguments are what the model refers to."""

    def asked(arguments: str) -> Fingerprint:
        return mark(ask(earlier=[turn("assistant", ToolCall("1", "f", arguments))]))

    assert asked('{"a": 1}').scope != asked('{"a":1}').scope


@pytest.mark.parametrize("place", ["last", "earlier"])
def test_large_pictures_are_told_apart_by_every_byte(place: str) -> None:
    """They are hashed before they are encoded, which must lose nothing."""
    large = "data:image/png;base64," + "A" * 10_000

    def scope(url: str) -> str:
        earlier = [turn("user", Image(url))] if place == "earlier" else []
        last = turn("user", QUESTION, Image(url)) if place == "last" else turn("user", QUESTION)
        return mark(Ask(model="gpt-4o", turns=(*earlier, last))).scope

    assert scope(large) == scope(large)
    assert scope(large) != scope(large[:-1] + "B")
    assert scope(large) != scope(large + "A")


def test_nobody_can_write_another_pictures_hash_for_a_url() -> None:
    """A URL that looks like a hash of ours is hashed itself."""
    large = "data:image/png;base64," + "A" * 10_000
    posed = "\ufffc" + blake2b(large.encode(), digest_size=32).hexdigest()

    def scope(url: str) -> str:
        return mark(Ask(model="gpt-4o", turns=(turn("user", QUESTION, Image(url)),))).scope

    assert scope(posed) != scope(large)
