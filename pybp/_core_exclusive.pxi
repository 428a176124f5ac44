# Part of _core.pyx: the class Exclusive, which keeps a net for one thread.


@cython.internal
@cython.final
@cython.no_gc
cdef class Exclusive:
    """Holds a net until it is deleted, or until the end of a ``with`` block; see `Net.exclusive`.

    An interrupt may come between any two instructions of Python, so also between taking a lock and entering
    the block that would release it. But then this object is deleted.
    """

    cdef Net net # None: it holds none

    def __enter__(self):
        return self.net is not None

    def __exit__(self, *exception):
        self.release()

    def __dealloc__(self):
        self.release()

    cdef void release(self) noexcept:
        if self.net is not None:
            self.net.owner = 0
            self.net = None
