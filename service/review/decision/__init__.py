"""What the page of one decision shows."""
