"""A net in Cython: predictions without the GIL and without Python objects."""

from array import array

cimport pybp.core as core

core.pybp_import()


cdef class Scorer:
    """The outputs of a float32 net, into arrays that the caller brings."""

    cdef object handle  # keeps the net
    cdef const core.pybp_net *net

    def __init__(self, mlp):
        self.handle = core.pybp_handle(mlp)
        self.net = core.pybp_net_of(self.handle)

    def score(self, const float[:, ::1] x, float[:, ::1] out, int times=1):
        """Predict so many times; other threads run meanwhile."""
        cdef int i
        with nogil:
            for i in range(times):
                core.predict(self.net, x, out)

    def largest(self, const float[:, ::1] x):
        """The index of the largest output of each row, which are predicted one by one."""
        cdef float[:, ::1] out
        cdef Py_ssize_t row, k, best
        cdef object found = array("q", [0]) * x.shape[0]
        cdef long long[::1] result = found
        cdef float values[64]
        if core.pybp_core.net_n_out(self.net) > 64:
            raise ValueError("at most 64 outputs")
        out = <float[:1, :core.pybp_core.net_n_out(self.net)]> &values[0]
        with nogil:
            for row in range(x.shape[0]):
                core.predict(self.net, x[row:row + 1], out)
                best = 0
                for k in range(1, out.shape[1]):
                    if out[0, k] > out[0, best]:
                        best = k
                result[row] = best
        return found
