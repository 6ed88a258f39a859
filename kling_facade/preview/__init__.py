"""Pictures of what a request will do. The same geometry makes the sandbox's films."""
