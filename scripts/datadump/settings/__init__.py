"""What a person set: the environment in, frozen values out."""
