"""What X and y may be, checked and in the form that the core reads."""
