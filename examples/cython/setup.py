"""Build the example with ``python setup.py build_ext --inplace``; it takes Cython, setuptools and pybp-mlp."""

from Cython.Build import cythonize
from setuptools import Extension, setup

import pybp

setup(
    name="pybp-cython-example",
    version="1",
    py_modules=[],
    ext_modules=cythonize(
        [Extension("scoring", ["scoring.pyx"], include_dirs=[pybp.get_include()])],
        language_level=3,
    ),
)
