"""Visits: small cases, from an agreed appointment to what came of it."""
