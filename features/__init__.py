"""Panels of repayment history and the features computed from them."""
