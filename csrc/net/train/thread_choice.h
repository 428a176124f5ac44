/* How many threads take the next steps: all of them, or one.
 *
 * What threads gain in short steps depends on how far apart their cores are: a line of cache takes 50 ns from one to another
 * of the same group, and six times as long between groups, or where a hypervisor has put them so. So both ways are
 * tried now and then, and the faster one is kept for a while. The bits are the same either way. */
#ifndef PYBP_NET_TRAIN_THREAD_CHOICE_H
#define PYBP_NET_TRAIN_THREAD_CHOICE_H

#include <stdbool.h>
#include <stddef.h>

typedef struct pybp_team {
    int phase;
    size_t left;      /* steps of this phase */
    double many, one; /* ms of the fastest step each way */
    bool alone;       /* the last choice */
    size_t holds;     /* for so many steps; 0: none yet */
} pybp_team;

/* Of the next steps, at most `threads`. */
int pybp_team_size(const pybp_team *team, int threads);
/* How many of the next `most` steps, >= 1, it is for. */
size_t pybp_team_steps(pybp_team *team, size_t most);
/* They took so long. */
void pybp_team_took(pybp_team *team, size_t steps, double ms);

#endif
