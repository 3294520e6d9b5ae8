"""Without this file pytest puts tests/ on the path and `import hub` finds tests/hub."""
