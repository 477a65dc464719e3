"""From a bundle and a panel to a calibrated score with exact contributions."""
