"""What is done: one repeatable step each."""
