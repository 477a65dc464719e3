"""What the page of supposed changes shows."""
