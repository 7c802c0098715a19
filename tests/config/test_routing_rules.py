"""Every name in the routing part leads to a model that somebody serves."""

from pathlib import Path

import pytest

from tests.config.configs import BOTH_KEYS, complaint, complaints, load

SIMULATED = "providers: {sim: {kind: simulated, models: [sim-*]}}\n"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            "models: {m: {deployments: [{provider: smi}]}}",
            'models.m.deployments[0].provider: no provider is called "smi"; did you mean "sim"?',
        ),
        (
            "models: {m: {deployments: [{provider: azure}]}}",
            'models.m.deployments[0].provider: no provider is called "azure"; known: sim',
        ),
        (
            "models: {m: {deployments: [{provider: sim, weight: 0}]}}",
            "models.m.deployments: all weights are 0, so that no deployment would ever be asked",
        ),
        (
            "models: {tiers: {}}",
            'models.tiers: "tiers" means the classifier and cannot be a model',
        ),
        (
            "routing: {classifier: {model: other}}",
            'routing.classifier.model: no provider serves "other"; its name fits none of their patterns',
        ),
        (
            "routing: {classifier: {kind: llm}}",
            "routing.classifier.model: missing; a classifier of the kind llm needs a model",
        ),
        (
            "routing: {classifier: {kind: embedding, model: sim-1}}",
            "routing.classifier.model: a classifier of the kind embedding asks no model; leave one of the two out",
        ),
        (
            "cache: {grey_zone: {judge: llm}}",
            "cache.grey_zone.model: missing; a judge of the kind llm needs a model",
        ),
        (
            "cache: {grey_zone: {judge: llm, model: other}}",
            'cache.grey_zone.model: no provider serves "other"; its name fits none of their patterns',
        ),
        (
            "routing: {tiers: {simple: {model: other}}}",
            'routing.tiers.simple.model: no provider serves "other"; its name fits none of their patterns',
        ),
        (
            "routing: {tiers: {simple: {model: auto}}}",
            'routing.tiers.simple.model: expected a model, got "auto"',
        ),
        (
            "routing: {tiers: {simple: {model: ''}}}",
            "routing.tiers.simple.model: expected the name of a model, got an empty text",
        ),
        (
            "routing: {names: {fast: other}}",
            'routing.names.fast: no provider serves "other"; its name fits none of their patterns',
        ),
        (
            "routing: {names: {smart: tiers}}",
            'routing.names.smart: leads to "tiers", but routing.tiers is empty',
        ),
        (
            "routing: {routes: {faq: {match: {}, to: tiers}}}",
            'routing.routes.faq.to: leads to "tiers", but routing.tiers is empty',
        ),
        (
            "routing: {routes: {faq: {match: {}, to: other}}}",
            'routing.routes.faq.to: no provider serves "other"; its name fits none of their patterns',
        ),
        (
            "routing: {tiers: {simple: {model: sim-1}}, routes: {faq: {match: {}, to: simple}}}",
            'routing.routes.faq.to: "simple" is a tier; name its model, "sim-1"',
        ),
        (
            "routing: {routes: {'f q': {match: {}}}}",
            "routing.routes.f q: a route's name must be printable ASCII without spaces",
        ),
        (
            "routing: {fallbacks: {sim-1: [other]}}",
            'routing.fallbacks.sim-1[0]: no provider serves "other"; its name fits none of their patterns',
        ),
        (
            "routing: {fallbacks: {sim-1: [sim-1]}}",
            "routing.fallbacks.sim-1: falls back to itself: sim-1 > sim-1",
        ),
        (
            "routing: {fallbacks: {sim-1: [sim-2], sim-2: [sim-3], sim-3: [sim-1]}}",
            "routing.fallbacks.sim-1: falls back to itself: sim-1 > sim-2 > sim-3 > sim-1",
        ),
        (
            "models: {frugal: {}}\nrouting: {pairs: {frugal: {strong: sim-1, weak: sim-2}}}",
            'models.frugal: "frugal" names a strategy of routing and cannot be a model',
        ),
        (
            "routing: {names: {smart: learned}}",
            'routing.names.smart: leads to "learned", but routing.learned is not set',
        ),
        (
            "routing: {routes: {faq: {match: {}, to: learned}}}",
            'routing.routes.faq.to: leads to "learned", but routing.learned is not set',
        ),
        (
            "routing: {retry: {base_wait_s: 9, max_wait_s: 8}}",
            "routing.retry.base_wait_s: more than max_wait_s, which is 8.0",
        ),
    ],
)
def test_a_name_that_leads_nowhere_is_told(tmp_path: Path, text: str, message: str) -> None:
    """Each rule with the smallest config that breaks it."""
    assert complaint(tmp_path, SIMULATED + text) == f"{message} (gateway.yaml line 2)"


def test_a_loop_of_fallbacks_is_found_beside_ways_out_of_it(tmp_path: Path) -> None:
    """A model outside the loop that leads into it is not to blame."""
    text = "routing: {fallbacks: {sim-0: [sim-1], sim-1: [sim-9, sim-2], sim-2: [sim-1]}}"

    told = complaint(tmp_path, SIMULATED + text)

    assert told.startswith("routing.fallbacks.sim-1: falls back to itself: sim-1 > sim-2 > sim-1")


def test_many_ways_to_the_same_model_are_no_loop(tmp_path: Path) -> None:
    """A diamond is sound."""
    text = "routing: {fallbacks: {sim-0: [sim-1, sim-2], sim-1: [sim-3], sim-2: [sim-3]}}"

    assert load(tmp_path, SIMULATED + text).routing.fallbacks["sim-0"] == ("sim-1", "sim-2")


def test_a_mapped_name_may_be_a_tiers_model_too(tmp_path: Path) -> None:
    """`gpt-4o: tiers` with gpt-4o in the tiers is how a client is moved without its knowledge."""
    text = "routing: {names: {gpt-4o: tiers}, tiers: {a: {model: gpt-4o-mini}, b: {model: gpt-4o}}}"

    assert load(tmp_path, text).routing.names == {"gpt-4o": "tiers"}


def test_the_shape_that_people_know_works_as_they_write_it(tmp_path: Path) -> None:
    """A classifier with only a model, and tiers of another house."""
    text = """
routing:
  classifier: {model: gpt-4o-mini, max_tokens: 50}
  tiers:
    simple:   {model: claude-haiku-4-5}
    standard: {model: claude-sonnet-4-6}
    complex:  {model: claude-opus-4-6}
  fallback: {strategy: escalate, min_confidence: 0.7}
"""

    for environ in (BOTH_KEYS, {}):
        settings = load(tmp_path, text, environ)

        assert list(settings.routing.tiers) == ["simple", "standard", "complex"]
        assert settings.routing.names == {"auto": "tiers"}


def test_a_classifier_that_no_key_reaches_is_told(tmp_path: Path) -> None:
    """With Anthropic's key alone nobody can ask a GPT."""
    text = "routing: {classifier: {model: gpt-4o-mini}}"

    told = complaints(tmp_path, text, {"ANTHROPIC_API_KEY": "x"})

    assert told == [
        (
            'routing.classifier.model: no provider serves "gpt-4o-mini"; its name fits none of their patterns '
            "(gateway.yaml line 1)"
        )
    ]
