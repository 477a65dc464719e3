"""From tables to models: reading, labels, fitting, evaluation and tracking."""
