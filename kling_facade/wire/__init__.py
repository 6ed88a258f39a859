"""The only place that knows httpx: connections, deadlines, streamed bodies, answers read safely."""
