"""What collection achieved: key figures of recorded decisions and of what happened after them."""
