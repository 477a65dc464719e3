"""What the queue of decisions shows."""
