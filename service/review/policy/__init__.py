"""What the page of policies shows."""
