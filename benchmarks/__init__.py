"""What prints the figures: our work and others' side by side, on the same data in one run."""
