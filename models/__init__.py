"""Scores, their reasons, and the contact intensity that follows from them."""
