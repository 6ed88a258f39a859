"""The catalogue of models, rules, limits and prices."""
