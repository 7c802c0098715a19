from sparingly.core.chat import Ask, Role, Tenant, Text, Turn
from sparingly.replay.conversations import Conversations

TENANT = Tenant("t")


def _ask(*texts: str) -> Ask:
    roles: list[Role] = ["user", "assistant"]
    turns = tuple(Turn(roles[index % 2], (Text(text),)) for index, text in enumerate(texts))
    return Ask(model="m", turns=turns)


def test_a_longer_request_continues_the_one_it_repeats() -> None:
    """What the assistant said in between does not matter: it was not known when the question was asked."""
    conversations = Conversations()

    first = conversations.name(_ask("Hi"), tenant=TENANT, id_="1")
    second = conversations.name(_ask("Hi", "Hello!", "And?"), tenant=TENANT, id_="2")
    third = conversations.name(_ask("Hi", "Hello!", "And?", "So.", "Bye"), tenant=TENANT, id_="3")

    assert (first, second, third) == ("1", "1", "1")


def test_another_beginning_or_tenant_is_another_conversation() -> None:
    """A shared later question joins nothing."""
    conversations = Conversations()
    conversations.name(_ask("Hi"), tenant=TENANT, id_="1")

    other_words = conversations.name(_ask("Ho", "Hello!", "And?"), tenant=TENANT, id_="2")
    other_tenant = conversations.name(_ask("Hi"), tenant=Tenant("u"), id_="3")

    assert (other_words, other_tenant) == ("2", "3")


def test_a_request_without_a_question_stands_alone() -> None:
    """Nothing can continue it."""
    conversations = Conversations()

    assert conversations.name(Ask(model="m", turns=()), tenant=TENANT, id_="1") == "1"
    assert conversations.name(Ask(model="m", turns=()), tenant=TENANT, id_="2") == "2"
