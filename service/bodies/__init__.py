"""Bodies of requests: their schema, and the way from JSON to checked histories."""
