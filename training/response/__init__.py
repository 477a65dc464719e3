"""What contact really changes: the response as it is estimated from assignments."""
