"""Every decision of a job's life, as generators that yield effects."""
