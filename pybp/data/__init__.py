"""Check the data that users pass, and convert them to a layout that the core reads."""
