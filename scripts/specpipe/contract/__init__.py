"""From facts to the contract: the overlay applied, the result checked, its operations walked."""
