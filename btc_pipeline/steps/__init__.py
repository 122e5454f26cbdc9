"""What all Luigi tasks have in common."""
