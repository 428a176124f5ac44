"""scikit-learn's MLP estimators, trained by pybp's core."""
