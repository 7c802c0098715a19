"""Counting the tests of real clients."""

from benchmarks.web.compatibility import CHAT, MESSAGES, RESPONSES, counted

REPORT = """\
<testsuites><testsuite>
<testcase classname="tests.clients.test_openai_python" name="test_a"/>
<testcase classname="tests.clients.test_openai_responses" name="test_b"><failure message="x"/></testcase>
<testcase classname="tests.clients.test_frameworks" name="test_langchain_asks[anthropic]"/>
<testcase classname="tests.clients.test_frameworks" name="test_the_vercel_ai_sdk_is_served[responses-chat]">
<skipped message="not installed"/></testcase>
<testcase classname="tests.clients.test_anthropic_provider" name="test_c"/>
</testsuite></testsuites>
"""


def test_every_test_counts_for_its_client_and_the_dialect_that_the_client_speaks() -> None:
    """What is skipped has not passed; a test of no client counts for none."""
    found = counted(REPORT)

    assert found == {
        "openai-python": {
            CHAT: {"passed": 1, "failed": 0, "skipped": 0},
            RESPONSES: {"passed": 0, "failed": 1, "skipped": 0},
        },
        "LangChain": {MESSAGES: {"passed": 1, "failed": 0, "skipped": 0}},
        "Vercel AI SDK": {RESPONSES: {"passed": 0, "failed": 0, "skipped": 1}},
    }
