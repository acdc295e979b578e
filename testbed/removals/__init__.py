"""Sites that remove what they were asked to remove, or only look as if they did."""
