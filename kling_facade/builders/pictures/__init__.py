"""A picture as a request sends it: opened behind one guarded door, measured, fitted, encoded."""
