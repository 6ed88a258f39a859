"""From the contract to the generated client, and the tree that holds both."""
