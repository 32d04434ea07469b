"""The loop: from the log of decisions to a challenger, through a gate to the champion, and back."""
