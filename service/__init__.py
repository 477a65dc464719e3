"""HTTP: what comes in is checked, decided, recorded durably, and only then answered."""
