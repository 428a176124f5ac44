# Part of _core.pyx: what other extension modules get, csrc/include/pybp_python.h.

cdef extern from *:
    """
    #define PYBP_CORE_ITSELF
    #include "pybp_python.h"

    static int pybp_raise_status(pybp_status status);
    static const pybp_functions pybp_all_functions = {
        PYBP_VERSION_MAJOR, PYBP_VERSION_MINOR, sizeof(pybp_functions), pybp_raise_status,
    #define PYBP_FUNCTION(name, needs) pybp_##name,
    #include "registry/functions.def"
    #undef PYBP_FUNCTION
    };
    """
    const void *ALL_FUNCTIONS "&pybp_all_functions"
    const char *PYBP_CAPSULE
    const char *PYBP_NET_CAPSULE


cdef int raise_status "pybp_raise_status" (pybp_status status) noexcept:
    try:
        check(status)
    except BaseException as error:
        PyErr_SetObject(type(error), error)
    return -1


cdef void release_net(object capsule) noexcept:
    """The destructor of a handle."""
    cdef PyObject *owner = <PyObject *> PyCapsule_GetContext(capsule)
    Py_XDECREF(owner)


cdef object handle_of(Net net):
    """A capsule with the core's net, which keeps `net`."""
    handle = PyCapsule_New(net.net, PYBP_NET_CAPSULE, release_net)
    Py_INCREF(net)
    PyCapsule_SetContext(handle, <void *> net)
    return handle


functions = PyCapsule_New(<void *> ALL_FUNCTIONS, PYBP_CAPSULE, NULL)
