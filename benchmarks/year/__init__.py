"""A year of a city that pays aid, lived through the services, with everything counted again from raw rows at each step."""
