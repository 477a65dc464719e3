"""Where tables come from: published data sets, and a simulated portfolio."""
