#include "net/train/thread_choice.h"

#include <math.h>

enum { WARM, MANY, ONE, CHOSEN, N_PHASES };

static const size_t lengths[N_PHASES] = {[WARM] = 4, [MANY] = 4, [ONE] = 4, [CHOSEN] = 64};

/* A choice that is made again holds twice as long, up to so many steps: one of a moment when threads were disturbed does
 * little harm, and trials get rare. */
#define LONGEST 1024

int pybp_team_size(const pybp_team *team, int threads)
{
    return team->phase == ONE || (team->phase == CHOSEN && team->alone) ? 1 : threads;
}

size_t pybp_team_steps(pybp_team *team, size_t most)
{
    if (team->left == 0) { /* new */
        team->phase = WARM;
        team->left = lengths[WARM];
        team->many = team->one = HUGE_VAL;
        team->holds = 0;
    }
    if (team->phase != CHOSEN) /* timed one by one: the fastest was not disturbed */
        return 1;
    return team->left < most ? team->left : most;
}

static size_t hold(pybp_team *team)
{
    const bool alone = team->one < team->many;
    if (team->holds == 0 || alone != team->alone)
        team->holds = lengths[CHOSEN];
    else if (team->holds < LONGEST)
        team->holds *= 2;
    team->alone = alone;
    return team->holds;
}

void pybp_team_took(pybp_team *team, size_t steps, double ms)
{
    if (team->phase == MANY)
        team->many = ms < team->many ? ms : team->many;
    if (team->phase == ONE)
        team->one = ms < team->one ? ms : team->one;
    team->left -= steps;
    if (team->left > 0)
        return;
    team->phase = (team->phase + 1) % N_PHASES;
    team->left = team->phase == CHOSEN ? hold(team) : lengths[team->phase];
    if (team->phase == WARM)
        team->many = team->one = HUGE_VAL;
}
