"""A waiting dump becomes one object."""
