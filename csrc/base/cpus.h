/* The CPUs that this process may use. */
#ifndef PYBP_BASE_CPUS_H
#define PYBP_BASE_CPUS_H

#include <stdbool.h>

/* The largest number of threads of a job, however many CPUs there are. */
#define PYBP_MAX_THREADS 256

typedef enum pybp_cpus_source { PYBP_CPUS_AFFINITY, PYBP_CPUS_QUOTA, PYBP_CPUS_ONLINE } pybp_cpus_source;

/* The number of these CPUs, >= 1: the smallest of the affinity mask, the cgroup's CPU quota (rounded up) and the CPUs
 * online. *source, unless NULL, becomes the source of the smallest number.  fresh = false: the answer may be up to a
 * tenth of a second old, and takes less than 0.1 us.  Thread-safe. */
int pybp_cpus(bool fresh, pybp_cpus_source *source);

/* Forget cached numbers (a forked child may have others).  May be called in a child between fork and exec. */
void pybp_cpus_forget(void);

/* The CPU quota of the cgroup that `membership` (/proc/self/cgroup) names, in a hierarchy mounted at
 * `root` (/sys/fs/cgroup), versions 1 and 2: CPUs rounded up, the smallest of the group and its parents;
 * 0 if there is no quota.  Thread-safe. */
int pybp_cgroup_cpus(const char *membership, const char *root);

#endif
