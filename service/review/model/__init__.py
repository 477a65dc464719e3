"""What the pages of models show."""
