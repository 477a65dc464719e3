"""What policies would have been worth on assignments of the past."""
