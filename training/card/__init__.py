"""The model card: one HTML file per run that a reviewer of model risk reads and signs."""
