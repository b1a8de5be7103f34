"""What one bucket has and another lacks is copied."""
