"""What the page of the whole portfolio shows, and the list of visits."""
