"""The routes of the API: each translates HTTP and delegates."""
