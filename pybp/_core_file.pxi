# Part of _core.pyx: the class File.


@cython.final
@cython.auto_pickle(False)
cdef class File:
    """A file of pybp that is open for reading, as a descriptor. Its header and all checksums have been checked."""

    cdef pybp_file *file
    cdef readonly str kind, description
    cdef readonly object n_nets
    cdef readonly dict arrays # (dtype, shape) of each array, by name
    cdef dict places # index of each array, by name

    def __init__(self, int descriptor):
        cdef pybp_status status
        cdef pybp_file *file = NULL
        if self.file != NULL:
            raise errors.StateError("the file is open already")
        with nogil:
            status = pybp_file_open_descriptor(descriptor, &file)
        check(status)
        self.file = file
        self.kind = pybp_file_kind(file).decode()
        self.n_nets = pybp_file_n_nets(file)
        self.description = pybp_file_description(file).decode()
        self.list_arrays()

    def __dealloc__(self):
        pybp_file_close(self.file)

    cdef int list_arrays(self) except -1:
        cdef pybp_array_info info
        cdef size_t index
        self.arrays = {}
        self.places = {}
        for index in range(pybp_file_n_arrays(self.file)):
            check(pybp_file_array(self.file, index, &info))
            name = info.name[:info.name_length].decode()
            shape = tuple([info.shape[i] for i in range(info.n_dimensions)])
            self.arrays[name] = (numpy.dtype(info.dtype.decode()), shape)
            self.places[name] = index
        return 0

    def read(self, str name not None):
        """A new array with the values of one in the file."""
        cdef pybp_status status
        cdef size_t index = self.places[name]
        cdef const unsigned char[::1] view
        cdef void *to = NULL
        cdef size_t size
        dtype, shape = self.arrays[name]
        values = numpy.empty(shape, dtype)
        data = values.reshape(-1).view(numpy.uint8)
        view = data
        size = view.shape[0]
        to = <void *> &view[0] if size > 0 else <void *> &index
        with nogil:
            status = pybp_file_read(self.file, index, to, size)
        check(status)
        return values

    def net(self, size_t index):
        """A new net, number `index` of those in the file."""
        cdef Net made = Net.__new__(Net)
        cdef pybp_net *net = NULL
        cdef pybp_status status
        with nogil:
            status = pybp_file_net(self.file, index, &net)
        check(status)
        made.take_ownership(net)
        return made
