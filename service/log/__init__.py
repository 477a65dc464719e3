"""The decision log: what is recorded, how it is kept, found again, guarded and pruned."""
