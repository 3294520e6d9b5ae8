"""What a research environment is, how one is prepared, scored, calibrated and checked."""
