"""Taking the record out of the portal."""
