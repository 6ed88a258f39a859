"""What changed, what it means for the facade, and the report that says so."""
