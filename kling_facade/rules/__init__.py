"""What Kling accepts and what it costs, each with its source and date."""
