"""scikit-learn's estimators for tables: they check what they are given, `pybp.tabular` does the rest."""
