"""Figures of LearnFlow beside their targets, and beside peers measured in the same run."""
