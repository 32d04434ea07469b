"""The pages keep their word: what they tell to do works, what they list is there."""
