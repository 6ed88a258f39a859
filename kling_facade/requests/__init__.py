"""One immutable value for each kind of request."""
