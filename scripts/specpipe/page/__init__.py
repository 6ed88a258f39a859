"""Reading a published page: its text repaired, its document parsed, its facts taken."""
