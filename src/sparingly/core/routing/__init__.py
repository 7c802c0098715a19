"""Who should answer: from the asked model to an ordered list of candidates.

`target` resolves names and rules, `tiers` picks a tier, `balance` orders
deployments, `decide` puts them together.
"""
