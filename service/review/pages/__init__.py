"""The routes of the review pages, a module for each page."""
