"""The parameters and the state of a net, and its summary."""
