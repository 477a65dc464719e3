"""The rules that take levels and channels away, whatever the policy says."""
