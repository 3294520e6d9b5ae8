"""The operator's side of Expert Portal: trusted code only, never mounted in a sandbox."""
