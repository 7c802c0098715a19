"""Which words of a request are about somebody, and what follows from that."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sparingly.core.chat import Ask, Opaque, Tenant, Text, ToolResult, canonical_json
from sparingly.core.fingerprint import canon, fingerprint
from sparingly.core.keeping.personal import MAX_CHARS, Kind, action_for, personal_in, personal_kinds
from sparingly.core.policy import PersonalAction, PersonalPolicy, ScopePolicy
from tests.asks import ask, turn

ACME, RIVAL = Tenant("acme"), Tenant("rival")
GROUPED = canon(ScopePolicy(shared=((ACME, RIVAL),)), embedder="minilm")


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("Please write to jane.doe+news@mail.example.co.uk for me", "email"),
        ("Call me at +44 20 7946 0958 tomorrow", "phone"),
        ("my phone number is 0171 5551234", "phone"),
        ("(415) 555-0132 is what I was given", "phone"),
        ("pay DE89 3704 0044 0532 0130 00 by Friday", "iban"),
        ("IBAN: GB82WEST12345698765432", "iban"),
        ("my card 4111 1111 1111 1111 was declined", "card"),
        ("378282246310005 expires soon", "card"),
        ("SSN 123-45-6789", "national-id"),
        ("my passport number is C01X00T47", "national-id"),
        ("ship it to 221B Baker Street", "address"),
        ("Ich wohne in der Hauptstra\u00dfe 12", "address"),
        ("my address is flat 4, Elm House", "address"),
        ("I was born on 3 May 1980", "birth-date"),
        ("DOB: 1980-05-03", "birth-date"),
        ("Hi, my name is Jane", "name"),
        ("ich hei\u00dfe Anna", "name"),
        ("I'm Jane Doe, and I want a refund", "name"),
        ("the key is sk-proj-abcdefghijklmnop1234", "secret"),
        ("password: hunter2!", "secret"),
        ("use postgres://joe:tiger9@db.example.com/x", "secret"),
        ("AKIAIOSFODNN7EXAMPLE does not work", "secret"),
        ("the log shows 203.0.113.77", "ip"),
        ("from 2001:db8:85a3:0:0:8a2e:370:7334", "ip"),
        ("where is my order 88213?", "account"),
        ("order #A-7712345 is late", "account"),
        ("my account number is 4471 2290", "account"),
        ("Customer name: Jane\nQuestion: how do I pay?", "context"),
        ('{"user_id": 77, "question": "how do I pay?"}', "context"),
        ("You are talking to Jane from Leeds.", "context"),
        ("<user_profile>likes tea</user_profile>", "context"),
        ("Purchase history: two kettles", "context"),
    ],
)
def test_personal_data_is_found_by_form_or_announcement(text: str, kind: Kind) -> None:
    """The kind is named, the words are not."""
    assert kind in personal_kinds(text)


@pytest.mark.parametrize(
    "text",
    [
        "What is the capital of France?",
        "How do I reset my password?",
        "What does my name mean to a compiler?",
        "How long does an order take?",
        "Who won the world cup in 2018?",
        "What is 1234567890123456 times two?",
        "The meeting is on 2024-05-03 at 10:30",
        "Convert 1,000,000.00 dollars",
        "ping 192.168.1.1 and 127.0.0.1 and 10.0.0.1",
        "Can I change my account?",
        "Explain pi: 3.14159265358979",
        "What's the difference between a street and an avenue?",
        "I am happy and you?",
        "How do I set a user name in git?",
        "the ratio is 16:9 and 4:3",
        "",
    ],
)
def test_ordinary_questions_are_not_taken_for_personal(text: str) -> None:
    """A false alarm costs a group a shared answer."""
    assert personal_kinds(text) == ()


@pytest.mark.parametrize(
    "text", ["4111 1111 1111 1112", "0000 0000 0000 0000", "DE89 3704 0044 0532 0130 01", "999.999.999.999"]
)
def test_a_checksum_that_fails_is_only_a_number(text: str) -> None:
    """Luhn for cards, modulo 97 for accounts; no octet is over 255."""
    assert not {"card", "iban", "ip"} & set(personal_kinds(text))


def test_what_others_pasted_counts_and_what_the_model_said_does_not() -> None:
    """System prompts and tool results hold what was retrieved about a user."""
    mail = "jane@example.com"

    assert personal_in(ask("Hello", system=f"The user is {mail}")) == ("email",)
    assert personal_in(ask("Hello", earlier=[turn("user", mail), turn("assistant", "Hi")])) == ("email",)
    assert personal_in(ask("Hello", earlier=[turn("tool", ToolResult("1", (Text(mail),)))])) == ("email",)
    assert personal_in(ask("Hello", earlier=[turn("assistant", mail)])) == ()


def test_what_cannot_be_read_counts_as_personal() -> None:
    """Audio, files, and documents too long to search."""
    assert personal_in(ask("x" * (MAX_CHARS + 1))) == ("unread",)
    assert personal_in(Ask("m", (turn("user", Opaque(canonical_json({"type": "file"})), "Hi"),))) == (
        "unread",
    )


@pytest.mark.parametrize(
    ("policy", "is_shared", "expected"),
    [
        (PersonalPolicy(), True, "own_scope"),
        (PersonalPolicy(), False, None),
        (PersonalPolicy(action="no_store"), False, "no_store"),
        (PersonalPolicy(action="ignore"), True, None),
        (PersonalPolicy(tenants={"acme": "no_store"}), True, "no_store"),
        (PersonalPolicy(action="no_store", tenants={"acme": "ignore"}), True, None),
        (PersonalPolicy(action="ignore", tenants={"acme": "own_scope"}), True, "own_scope"),
        (PersonalPolicy(action="ignore", tenants={"rival": "own_scope"}), True, None),
    ],
)
def test_a_tenant_has_an_action_of_its_own(
    policy: PersonalPolicy, *, is_shared: bool, expected: PersonalAction | None
) -> None:
    """Where nothing is shared, an own scope is nothing to do."""
    asked = ask("Write to jane@example.com")

    assert action_for(asked, ACME, policy, is_shared=is_shared) == expected
    assert action_for(ask("Hello"), ACME, PersonalPolicy(action="no_store"), is_shared=True) is None


@given(st.text(max_size=80), st.emails(), st.text(max_size=80))
def test_a_text_with_an_address_of_mail_never_shares(before: str, mail: str, after: str) -> None:
    """Whatever stands around it: the scope is the tenant's own, in which no other tenant looks."""
    if re.fullmatch(r"[\w.+-]+@.*", mail, re.ASCII) is None:
        mail = "jane.doe@example.com"
    asked = ask(f"{before} {mail} {after}")

    is_private = action_for(asked, ACME, PersonalPolicy(), is_shared=True) == "own_scope"
    ours = fingerprint(asked, tenant=ACME, canon=GROUPED, is_private=is_private)
    theirs = fingerprint(asked, tenant=RIVAL, canon=GROUPED, is_private=is_private)

    assert not ours.is_shared
    assert ours.scope != theirs.scope


@given(st.text(max_size=300))
def test_any_text_can_be_searched(text: str) -> None:
    """Emoji, control characters, mixed scripts: no text is an error."""
    assert personal_kinds(text) == personal_kinds(text)
