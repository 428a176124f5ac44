/* The CPUs that this process may use. */
#ifndef PYBP_BASE_THREADS_H
#define PYBP_BASE_THREADS_H

/* Their number, >= 1, as pybp_threads_resolve() counts them; up to a tenth of a second old.
 * Thread-safe. */
int pybp_cpus(void);

/* Forget what is known (a forked child may be in another place).  May be called in a child between
 * fork and exec. */
void pybp_cpus_forget(void);

/* The CPU quota of the cgroup that `membership` (/proc/self/cgroup) names, in a hierarchy mounted at
 * `root` (/sys/fs/cgroup), versions 1 and 2: CPUs rounded up, the smallest of the group and its parents;
 * 0 if there is no quota.  Thread-safe. */
int pybp_cgroup_cpus(const char *membership, const char *root);

#endif
