/* How many threads a call may use. */
#ifndef PYBP_BASE_THREAD_COUNT_H
#define PYBP_BASE_THREAD_COUNT_H

/* At least 1 and at most PYBP_MAX_THREADS (cpus.h): `requested` if > 0; else the environment's PYBP_NUM_THREADS, else
 * its OMP_NUM_THREADS (the first number of a list; values that are no positive number are ignored); else the number
 * of CPUs that this process may use.
 *
 * The environment is read at every call.  With why == NULL the number of CPUs may be up to a tenth of a second old.
 * Otherwise it is fresh, and *why gets a short text, such as "PYBP_NUM_THREADS=4" or "2 CPUs in the affinity mask",
 * valid until this thread's next call.  Thread-safe as long as nobody changes the environment meanwhile. */
int pybp_resolve_threads(int requested, const char **why);

#endif
