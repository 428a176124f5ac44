#include "net/train/thread_choice.h"

#include <math.h>

/* Warm up with all threads, time them, time one, then use the faster way. */
enum { WARM_UP, TIME_ALL, TIME_ONE, USE_CHOICE, N_PHASES };

static const size_t lengths[N_PHASES] = {[WARM_UP] = 4, [TIME_ALL] = 4, [TIME_ONE] = 4, [USE_CHOICE] = 64};

/* Steps. A choice that is confirmed holds twice as long as before, up to this: then one that was made while threads
 * were disturbed does little harm, and timing takes little time. */
#define LONGEST 1024

int pybp_thread_choice_threads(const pybp_thread_choice *choice, int threads)
{
    return choice->phase == TIME_ONE || (choice->phase == USE_CHOICE && choice->use_one) ? 1 : threads;
}

size_t pybp_thread_choice_steps(pybp_thread_choice *choice, size_t most)
{
    if (choice->left == 0) { /* all zeros */
        choice->phase = WARM_UP;
        choice->left = lengths[WARM_UP];
        choice->all = choice->one = HUGE_VAL;
        choice->length = 0;
    }
    if (choice->phase != USE_CHOICE) /* timed one by one: the fastest was not disturbed */
        return 1;
    return choice->left < most ? choice->left : most;
}

/* Returns for how many steps. */
static size_t choose(pybp_thread_choice *choice)
{
    const bool use_one = choice->one < choice->all;
    if (choice->length == 0 || use_one != choice->use_one)
        choice->length = lengths[USE_CHOICE];
    else if (choice->length < LONGEST)
        choice->length *= 2;
    choice->use_one = use_one;
    return choice->length;
}

void pybp_thread_choice_record(pybp_thread_choice *choice, size_t steps, double ms)
{
    if (choice->phase == TIME_ALL)
        choice->all = ms < choice->all ? ms : choice->all;
    if (choice->phase == TIME_ONE)
        choice->one = ms < choice->one ? ms : choice->one;
    choice->left -= steps;
    if (choice->left > 0)
        return;
    choice->phase = (choice->phase + 1) % N_PHASES;
    choice->left = choice->phase == USE_CHOICE ? choose(choice) : lengths[choice->phase];
    if (choice->phase == WARM_UP)
        choice->all = choice->one = HUGE_VAL;
}
