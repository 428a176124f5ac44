/* pybp's core for other extension modules: the functions of the core that Python has loaded.
 *
 * A module that links a library of its own would have another copy of the core: no net may pass between two copies. So
 * it takes the functions from pybp's module, through a capsule:
 *
 *     if (pybp_import() < 0)          // once, in the module's initialisation; it holds the GIL
 *         return NULL;
 *     PyObject *handle = pybp_handle(mlp);                        // keeps the net
 *     const pybp_net *net = pybp_net_of(handle);                  // valid as long as the handle
 *     pybp_status status = pybp_core->predict(net, &x, out, 1);   // without the GIL, if you like
 *
 * For Cython, pybp/core.pxd declares all this. pybp.get_include() says where these headers are. */
#ifndef PYBP_PYTHON_H
#define PYBP_PYTHON_H

#include <Python.h>

#include "pybp.h"

#define PYBP_CAPSULE "pybp._core.functions"
#define PYBP_NET_CAPSULE "pybp.net"

#ifdef __cplusplus
#define PYBP_TYPE_OF(function) decltype(function)
#else
#define PYBP_TYPE_OF(function) __typeof__(function)
#endif

/* The functions of pybp.h by their names without pybp_: predict, net_n_in, ... Later versions append to it. */
typedef struct pybp_functions {
    int major, minor;      /* of the core's version */
    size_t bytes;          /* of this struct */
    int (*raise)(pybp_status status); /* with the GIL: set a status's exception, with pybp_last_error(); returns -1 */
#define PYBP_FUNCTION(name, needs) PYBP_TYPE_OF(pybp_##name) *name;
#include "registry/functions.def"
#undef PYBP_FUNCTION
} pybp_functions;

#ifndef PYBP_CORE_ITSELF
#if defined(__GNUC__)
__attribute__((unused))
#endif
static const pybp_functions *pybp_core;

/* Import pybp and set pybp_core. -1, with ImportError set, if it cannot be imported or is of another version. */
static inline int pybp_import(void)
{
    PyObject *module = PyImport_ImportModule("pybp._core");
    if (module == NULL)
        return -1;
    PyObject *capsule = PyObject_GetAttrString(module, "functions");
    Py_DECREF(module);
    const pybp_functions *found = NULL;
    if (capsule != NULL)
        found = (const pybp_functions *)PyCapsule_GetPointer(capsule, PYBP_CAPSULE);
    Py_XDECREF(capsule); /* the module keeps it */
    if (found == NULL)
        return -1;
    if (found->major != PYBP_VERSION_MAJOR || found->minor != PYBP_VERSION_MINOR || found->bytes < sizeof *found) {
        PyErr_Format(PyExc_ImportError, "compiled for pybp %d.%d, but pybp %d.%d is installed", PYBP_VERSION_MAJOR,
                     PYBP_VERSION_MINOR, found->major, found->minor);
        return -1;
    }
    pybp_core = found;
    return 0;
}

/* The handle of an MLP: a new reference to a capsule that keeps the net alive; NULL and an exception if it is none. */
static inline PyObject *pybp_handle(PyObject *mlp)
{
    PyObject *net = PyObject_GetAttrString(mlp, "_net");
    PyObject *handle = net == NULL ? NULL : PyObject_CallMethod(net, "handle", NULL);
    Py_XDECREF(net);
    return handle;
}

/* The net of a handle, valid as long as that; NULL and an exception if it is no handle. */
static inline const pybp_net *pybp_net_of(PyObject *handle)
{
    return (const pybp_net *)PyCapsule_GetPointer(handle, PYBP_NET_CAPSULE);
}
#endif

#endif
