"""How the score does in the groups of personal attributes, which are never features."""
