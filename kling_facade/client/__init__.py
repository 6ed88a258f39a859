"""`Kling` and `AsyncKling`: thin clients over the flows in ``jobs/``."""
