"""Files that summaries are written to."""
