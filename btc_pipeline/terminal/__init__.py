"""What a person sees on standard output."""
