/* Whether the next steps use all threads or one: whichever is faster. */
#include "check.h"
#include "net/train/thread_choice.h"

/* Milliseconds of a step. Several threads wait for `pause` ms, as other work suspends one of them, after every
 * `period` ms of their own work, if that is not 0. */
typedef struct machine {
    double one, many, pause, period;
} machine;

typedef struct tally {
    size_t with_one, with_all; /* steps */
    double ms;
} tally;

/* Take that many steps with four threads or one, in calls of `per_call` steps. */
static tally train(pybp_thread_choice *choice, pybp_thread_gain gain, size_t steps, size_t per_call, machine m)
{
    static double worked;
    tally sum = {0};
    for (size_t done = 0; done < steps;) {
        const size_t in_call = per_call - done % per_call, left = in_call < steps - done ? in_call : steps - done;
        const size_t n = pybp_thread_choice_steps(choice, gain, left);
        const int threads = pybp_thread_choice_threads(choice, 4);
        CHECK(n >= 1 && n <= left && (threads == 1 || threads == 4));
        double ms = 0;
        for (size_t i = 0; i < n; i++) {
            ms += threads == 1 ? m.one : m.many;
            worked += threads == 1 || m.period == 0 ? 0 : m.many;
            for (; m.period > 0 && worked >= m.period; worked -= m.period)
                ms += m.pause;
        }
        pybp_thread_choice_record(choice, gain, 4, n, ms);
        *(threads == 1 ? &sum.with_one : &sum.with_all) += n;
        sum.ms += ms;
        done += n;
    }
    return sum;
}

static const machine near = {.one = 1.0, .many = 0.6}, far = {.one = 1.0, .many = 3.0};
/* The fastest steps are those of all threads, but only if they are short, and the mean of theirs is 3. */
static const machine busy = {.one = 1.0, .many = 0.6, .pause = 20, .period = 5};

static void test_the_faster_way(void)
{
    for (size_t per_call = 1; per_call <= 1000; per_call = per_call * 3 + 1) {
        pybp_thread_choice one = {0}, other = {0};
        const size_t with_one = train(&one, PYBP_GAIN_UNCERTAIN, 20000, per_call, near).with_one;
        const size_t with_all = train(&other, PYBP_GAIN_UNCERTAIN, 20000, per_call, far).with_all;
        CHECK(with_one > 0 && with_one < 400); /* one thread is timed, but not often */
        CHECK(with_all > 0 && with_all < 400);
    }
}

static void test_it_follows_a_change(void)
{
    pybp_thread_choice choice = {0};
    train(&choice, PYBP_GAIN_UNCERTAIN, 5000, 100, far);
    train(&choice, PYBP_GAIN_UNCERTAIN, 1000, 100, near);
    CHECK(train(&choice, PYBP_GAIN_UNCERTAIN, 4000, 100, near).with_one < 200);
    train(&choice, PYBP_GAIN_UNCERTAIN, 1000, 100, far);
    CHECK(train(&choice, PYBP_GAIN_UNCERTAIN, 4000, 100, far).with_one > 3800);
}

/* The first choice holds for 64 steps, a confirmed one for twice as many as before, up to 1024. */
static void test_how_long_a_choice_holds(void)
{
    for (int one_is_faster = 0; one_is_faster < 2; one_is_faster++) {
        pybp_thread_choice choice = {0};
        size_t timed = 0, length = 64;
        for (int number = 0; number < 7; number++) {
            for (size_t n; (n = pybp_thread_choice_steps(&choice, PYBP_GAIN_UNCERTAIN, 5000)) == 1; timed++) {
                const bool one = pybp_thread_choice_threads(&choice, 4) == 1;
                pybp_thread_choice_record(&choice, PYBP_GAIN_UNCERTAIN, 4, 1,
                                          one == (one_is_faster == 1) ? 1e-4 : 2e-4);
            }
            CHECK(timed == 12 && pybp_thread_choice_steps(&choice, PYBP_GAIN_UNCERTAIN, 5000) == length);
            CHECK(pybp_thread_choice_threads(&choice, 4) == (one_is_faster ? 1 : 4));
            pybp_thread_choice_record(&choice, PYBP_GAIN_UNCERTAIN, 4, length, 1);
            length = length < 1024 ? 2 * length : 1024;
            timed = 0;
        }
    }
}

static void test_a_busy_machine(void)
{
    for (pybp_thread_gain gain = PYBP_GAIN_LIKELY; gain <= PYBP_GAIN_UNCERTAIN; gain++)
        for (double size = 0.01; size < 10; size *= 3) { /* longer steps are all alike */
            const machine m = {busy.one * size, busy.many * size, busy.pause, busy.period};
            const double least = 3000; /* ms, with one thread */
            const size_t steps = (size_t)(least / m.one);
            pybp_thread_choice choice = {0};
            CHECK(train(&choice, gain, steps, steps, m).ms < 1.2 * least + 200); /* 3 times that with all threads */
            CHECK(train(&choice, gain, 4 * steps, steps, m).ms < 1.1 * 4 * least);
        }
}

static void test_it_notices_that_a_machine_is_idle_again(void)
{
    for (pybp_thread_gain gain = PYBP_GAIN_LIKELY; gain <= PYBP_GAIN_UNCERTAIN; gain++) {
        pybp_thread_choice choice = {0};
        train(&choice, gain, 5000, 5000, busy);
        train(&choice, gain, 5000, 5000, near);
        CHECK(train(&choice, gain, 5000, 5000, near).with_one < 200);
    }
}

static void test_large_steps_are_not_timed_with_one_thread(void)
{
    pybp_thread_choice choice = {0};
    CHECK(train(&choice, PYBP_GAIN_LIKELY, 5000, 100, near).with_one == 0);
}

CHECK_MAIN(CHECK_RUN(test_how_long_a_choice_holds); CHECK_RUN(test_the_faster_way);
           CHECK_RUN(test_it_follows_a_change); CHECK_RUN(test_a_busy_machine);
           CHECK_RUN(test_it_notices_that_a_machine_is_idle_again);
           CHECK_RUN(test_large_steps_are_not_timed_with_one_thread);)
