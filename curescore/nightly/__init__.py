"""The nightly run: every account of a portfolio decided, chunk by chunk, whatever its size."""
