"""Journals in memory where there is such a thing: they are flushed to the disk at each write."""

from tests.faults.conftest import tmp_path

__all__ = ["tmp_path"]
