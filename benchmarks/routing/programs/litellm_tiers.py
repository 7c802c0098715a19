"""LiteLLM's complexity router as a tier classifier; runs under an interpreter that has litellm.

Reads {"prompts": [...]} from stdin and writes the tier of each to stdout.
"""

import json
import os
import sys

os.environ["LITELLM_LOCAL_MODEL_COST_MAP"] = "True"  # its price table would be downloaded otherwise

from litellm.router_strategy.complexity_router.complexity_router import ComplexityRouter

router = ComplexityRouter("tiers", None)
prompts = json.load(sys.stdin)["prompts"]
json.dump([router.classify(prompt)[0].value for prompt in prompts], sys.stdout)
