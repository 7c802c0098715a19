"""OpenAI's SDK, cached and routed without a server: two lines, marked below.

    OPENAI_API_KEY=... python -m sparingly.examples.two_lines

It asks the same thing twice; the second time costs nothing.
"""

import httpx2
from openai import OpenAI

from sparingly.transport.httpx2 import SparinglyTransport


def main() -> None:
    """Ask twice."""
    transport = SparinglyTransport()  # one; takes a config: "gateway.yaml", or {"cache": {"ttl_s": 60}}
    with OpenAI(http_client=httpx2.Client(transport=transport)) as client:  # two
        for _ in range(2):
            raw = client.chat.completions.with_raw_response.create(
                model="gpt-4o-mini", messages=[{"role": "user", "content": "Why is the sky blue?"}]
            )
            print(raw.headers["x-sparingly-cache"], raw.parse().choices[0].message.content)


if __name__ == "__main__":
    main()
