"""What the service saw, as the tables that training reads."""
