"""Whom we talk to, and how its answers are read."""
