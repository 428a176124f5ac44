"""Estimators for tables: scikit-learn's checks around `pybp.tabular`."""
