"""Decides for many callers at once, and has it recorded before any is answered."""
