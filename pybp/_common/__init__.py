"""What all rooms of the package use: specs, checks of scalar arguments, optional dependencies, text."""
