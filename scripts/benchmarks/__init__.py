"""What `scripts/bench.py` measures, and the gateway that it measures against."""
