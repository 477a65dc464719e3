"""Making a recorded decision again, and comparing both."""
