"""Tests of what enters the expert's Python: the score panel and its server half."""
