"""Our side of the comparison, each module a process of its own."""
