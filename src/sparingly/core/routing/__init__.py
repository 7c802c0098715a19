"""Who should answer: from the asked model to an ordered list of candidates.

`target` resolves names and rules (`rules`, `traffic`), `selecting` lets a strategy
choose (`tiers`, `estimates`), `sticking` keeps conversations where they are,
`balance` orders deployments, `decide` puts them together.  What `estimates` weighs comes from
a fitted file: `router_file` reads it, `router_model` estimates by `estimators` from the embedding and `prompt_terms`.
"""
