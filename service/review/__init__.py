"""Pages on which a person reads recorded decisions."""
