"""What happened to accounts, as others tell it: stored for good, and counted by decisions."""
