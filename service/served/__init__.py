"""What is served: found in the registry, verified, published, and followed by every worker."""
