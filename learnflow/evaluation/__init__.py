"""Is the learned ranking better? A market whose truth is known, and the measures to judge by."""
