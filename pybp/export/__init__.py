"""Nets in other programs' formats: ONNX, and the modules of other libraries."""
