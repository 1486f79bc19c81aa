"""The vocabulary that every other part speaks; it does no input or output."""
