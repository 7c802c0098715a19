"""From a key to a tenant; a key is never told to anybody."""

import pytest

from sparingly.core.chat import Tenant
from sparingly.errors import ConfigError, NotAuthorized
from sparingly.web.auth import DEFAULT_TENANT, Door, read_keys

ACME = Tenant("acme")


def test_an_open_door_lets_everybody_in() -> None:
    """Without a key everybody is the same tenant."""
    caller = Door({}).admit(None)

    assert (caller.tenant, caller.key) == (DEFAULT_TENANT, None)


def test_behind_an_open_door_a_key_is_a_tenant_and_goes_on_to_the_provider() -> None:
    """The same key is the same tenant, another key another."""
    door = Door({})

    one, again, other = door.admit("sk-one"), door.admit("sk-one"), door.admit("sk-other")

    assert one == again
    assert one.key == "sk-one"
    assert len({one.tenant, other.tenant, DEFAULT_TENANT}) == 3


def test_a_tenant_does_not_tell_its_key() -> None:
    """It stands in the ledger and the log."""
    tenant = Door({}).admit("sk-secret").tenant

    assert tenant.startswith("key-")
    assert "secret" not in tenant


def test_a_tenant_stays_the_same_over_restarts() -> None:
    """Stored answers are found again by it."""
    assert Door({}).admit("sk-one").tenant == "key-5d3812cab02aef40"


def test_a_known_key_is_let_in_and_goes_no_further() -> None:
    """It opens this door only."""
    caller = Door({"k1": ACME}).admit("k1")

    assert (caller.tenant, caller.key) == (ACME, None)


@pytest.mark.parametrize("key", [None, "", "k", "k11", "K1", "k1 "])
def test_anybody_else_is_not(key: str | None) -> None:
    """Missing, empty, nearly right."""
    with pytest.raises(NotAuthorized):
        Door({"k1": ACME}).admit(key)


def test_a_refusal_says_what_is_missing_and_never_the_key() -> None:
    """Neither the right one nor the wrong one."""
    door = Door({"right-key": ACME})

    with pytest.raises(NotAuthorized, match="Bearer token or as x-api-key") as missing:
        door.admit(None)
    with pytest.raises(NotAuthorized, match="does not know the key") as wrong:
        door.admit("wrong-key")

    assert "-key" not in missing.value.message.replace("x-api-key", "")
    assert "-key" not in wrong.value.message


def test_a_door_knows_whether_it_has_keys() -> None:
    """Then callers' credentials must not travel on."""
    assert not Door({}).has_keys
    assert Door({"k1": ACME}).has_keys


def test_a_key_may_hold_anything() -> None:
    """Headers are bytes."""
    assert Door({}).admit("caf\xe9\x80").tenant != Door({}).admit("cafe").tenant


def test_pairs_are_read_with_the_spaces_around_them() -> None:
    """A tenant may have several keys, a key may hold colons."""
    read = read_keys(" acme:k1, acme : k2 ,other:a:b,, ", variable="KEYS")

    assert read == {"k1": "acme", "k2": "acme", "a:b": "other"}


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ("", "KEYS holds no tenant:key pair"),
        (" , ", "KEYS holds no tenant:key pair"),
        ("hunter2", "KEYS: pair 1 is not of the form tenant:key"),
        ("acme:ok,hunter2", "KEYS: pair 2 is not of the form tenant:key"),
        (":hunter2", "KEYS: pair 1 is not of the form tenant:key"),
        ("hunter2:", "KEYS: pair 1 is not of the form tenant:key"),
        ("a:hunter2,b:hunter2", "KEYS: pair 2 repeats an earlier key"),
    ],
)
def test_what_is_wrong_with_the_pairs_is_said_without_quoting_them(value: str, message: str) -> None:
    """A message ends in a terminal and a log."""
    with pytest.raises(ConfigError) as caught:
        read_keys(value, variable="KEYS")

    assert caught.value.message == f"server.keys_env: {message}"
    assert "hunter2" not in caught.value.message
