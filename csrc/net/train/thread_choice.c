#include "net/train/thread_choice.h"

#include <math.h>

/* Warm up with all threads, time them, time one, then use the faster way, and try the other one if it may be better. */
enum { NEW, WARM_UP, TIME_ALL, TIME_ONE, USE_CHOICE, TRY_OTHER, N_PHASES };

static const size_t lengths[N_PHASES] = {
    [WARM_UP] = 4, [TIME_ALL] = 4, [TIME_ONE] = 4, [USE_CHOICE] = 64, [TRY_OTHER] = 4};

/* Steps. A choice that is confirmed holds twice as long as before, but not longer than this. So timing takes little
 * time, and a wrong choice, made while other programs ran, is soon revised. */
#define LONGEST 1024
/* A mean is one over this time or more: systems suspend threads for 3 to 10 ms at a time. */
#define MEAN_MS 40.0
/* How often the clock is read meanwhile, if no thread is suspended. */
#define READ_MS 2.0
/* A choice by means holds for so long, and twice as long if it is confirmed: trying the other way takes a tenth of the
 * time at first. */
#define SHORTEST_HOLD_MS (10 * MEAN_MS)
#define LONGEST_HOLD_MS (8 * SHORTEST_HOLD_MS)

int pybp_thread_choice_threads(const pybp_thread_choice *choice, int threads)
{
    const bool one = choice->phase == TIME_ONE || (choice->phase == USE_CHOICE && choice->use_one) ||
                     (choice->phase == TRY_OTHER && !choice->use_one);
    return one ? 1 : threads;
}

static void begin(pybp_thread_choice *choice, int phase)
{
    choice->phase = phase;
    choice->left = phase == USE_CHOICE ? choice->length : lengths[phase];
    choice->ms = 0;
    choice->steps = 0;
    if (phase == WARM_UP)
        choice->best[false] = choice->best[true] = HUGE_VAL;
}

size_t pybp_thread_choice_steps(pybp_thread_choice *choice, pybp_thread_gain gain, size_t most)
{
    if (choice->phase == NEW && gain == PYBP_GAIN_UNCERTAIN)
        begin(choice, WARM_UP);
    else if (choice->phase == NEW) {
        choice->length = lengths[USE_CHOICE];
        choice->best[false] = HUGE_VAL;
        begin(choice, USE_CHOICE);
    }
    /* Each step is timed by itself, as the fastest one was not disturbed. */
    if (gain == PYBP_GAIN_LIKELY || choice->phase < USE_CHOICE)
        return 1;
    const bool one = pybp_thread_choice_threads(choice, 2) == 1;
    const double until_read = 1 + READ_MS / choice->best[one];
    const size_t steps = until_read < (double)most ? (size_t)until_read : most;
    return choice->left > 0 && choice->left < steps ? choice->left : steps;
}

/* Use it from now on, by the fastest steps or by means. */
static void choose(pybp_thread_choice *choice, bool use_one, bool by_mean)
{
    const bool confirmed = choice->length > 0 && use_one == choice->use_one;
    choice->length = !confirmed ? lengths[USE_CHOICE] : choice->length < LONGEST ? 2 * choice->length : LONGEST;
    if (!by_mean || !confirmed || !choice->by_mean)
        choice->hold_ms = by_mean ? SHORTEST_HOLD_MS : 0.0;
    else if (choice->hold_ms < LONGEST_HOLD_MS)
        choice->hold_ms *= 2;
    choice->use_one = use_one;
    choice->by_mean = by_mean;
    if (!confirmed) {
        choice->used_ms = 0;
        choice->used_steps = 0;
    }
    begin(choice, USE_CHOICE);
}

/* The least milliseconds that a step may take the other way. */
static double least_of_other(const pybp_thread_choice *choice, pybp_thread_gain gain, int threads)
{
    if (gain == PYBP_GAIN_UNCERTAIN)
        return choice->best[!choice->use_one];
    return choice->use_one ? 0 : 0.8 * threads * choice->best[false]; /* one thread was not timed */
}

/* After the choice was used for some time. */
static void review(pybp_thread_choice *choice, pybp_thread_gain gain, int threads)
{
    if (choice->used_ms < MEAN_MS) {
        choose(choice, gain == PYBP_GAIN_UNCERTAIN && choice->best[true] < choice->best[false], false);
        return;
    }
    const double mean = choice->used_ms / (double)choice->used_steps;
    choice->mean[choice->use_one] = mean;
    choice->used_ms = 0;
    choice->used_steps = 0;
    if (least_of_other(choice, gain, threads) < mean)
        begin(choice, TRY_OTHER);
    else
        choose(choice, choice->use_one, false);
}

void pybp_thread_choice_record(pybp_thread_choice *choice, pybp_thread_gain gain, int threads, size_t steps, double ms)
{
    const bool one = pybp_thread_choice_threads(choice, 2) == 1;
    const double step_ms = ms / (double)steps;
    if (choice->phase == TIME_ALL || choice->phase == TIME_ONE || (gain == PYBP_GAIN_LIKELY && !one))
        choice->best[one] = step_ms < choice->best[one] ? step_ms : choice->best[one];
    choice->left -= steps < choice->left ? steps : choice->left;
    choice->ms += ms;
    choice->steps += steps;
    const bool slow = choice->phase == USE_CHOICE && !choice->by_mean && choice->ms >= MEAN_MS &&
                      choice->ms / (double)choice->steps > least_of_other(choice, gain, threads);
    if (choice->left > 0 && !slow)
        return;
    switch (choice->phase) {
    case TIME_ONE:
        review(choice, gain, threads);
        return;
    case USE_CHOICE:
        if (choice->ms < choice->hold_ms)
            return;
        choice->used_ms += choice->ms;
        choice->used_steps += choice->steps;
        if (slow || gain == PYBP_GAIN_LIKELY)
            review(choice, gain, threads);
        else
            begin(choice, WARM_UP);
        return;
    case TRY_OTHER:
        if (choice->ms < MEAN_MS)
            return;
        choice->mean[!choice->use_one] = choice->ms / (double)choice->steps;
        choose(choice, choice->mean[true] < choice->mean[false], true);
        return;
    default: /* WARM_UP, TIME_ALL */
        begin(choice, choice->phase + 1);
    }
}
