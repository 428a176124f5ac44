/* Whether the next steps use all threads or one: whichever was faster when both were timed. */
#include "check.h"
#include "net/train/thread_choice.h"

/* Steps that take one thread `one` ms, and four threads `many`, in calls of `per_call` steps. Returns how many of those
 * from step `from` on used one thread. */
static size_t train(pybp_thread_choice *choice, size_t steps, size_t from, double one, double many, size_t per_call)
{
    size_t done = 0, with_one = 0;
    while (done < steps) {
        const size_t in_call = per_call - done % per_call, left = in_call < steps - done ? in_call : steps - done;
        const size_t n = pybp_thread_choice_steps(choice, left);
        const int threads = pybp_thread_choice_threads(choice, 4);
        CHECK(n >= 1 && n <= left && (threads == 1 || threads == 4));
        pybp_thread_choice_record(choice, n, (double)n * (threads == 1 ? one : many));
        if (done >= from && threads == 1)
            with_one += n;
        done += n;
    }
    return with_one;
}

static void test_the_faster_way(void)
{
    for (size_t per_call = 1; per_call <= 1000; per_call = per_call * 3 + 1) {
        pybp_thread_choice near = {0}, far = {0};
        const size_t few = train(&near, 20000, 0, 1.0, 0.6, per_call), most = train(&far, 20000, 0, 1.0, 3.0, per_call);
        CHECK(few > 0 && few < 400); /* one thread is timed, but not often */
        CHECK(20000 - most > 0 && 20000 - most < 400);
    }
}

static void test_it_follows_a_change(void)
{
    pybp_thread_choice choice = {0};
    train(&choice, 5000, 0, 1.0, 3.0, 100);
    CHECK(train(&choice, 5000, 1000, 1.0, 0.6, 100) < 200);
    CHECK(train(&choice, 5000, 1000, 1.0, 3.0, 100) > 3800);
}

/* The first choice holds for 64 steps, a confirmed one for twice as many as before, up to 1024. */
static void test_how_long_a_choice_holds(void)
{
    for (int one_is_faster = 0; one_is_faster < 2; one_is_faster++) {
        pybp_thread_choice choice = {0};
        size_t timed = 0, length = 64;
        for (int number = 0; number < 7; number++) {
            for (size_t n; (n = pybp_thread_choice_steps(&choice, 5000)) == 1; timed++) {
                const bool one = pybp_thread_choice_threads(&choice, 4) == 1;
                pybp_thread_choice_record(&choice, 1, one == (one_is_faster == 1) ? 1 : 2);
            }
            CHECK(timed == 12 && pybp_thread_choice_steps(&choice, 5000) == length);
            CHECK(pybp_thread_choice_threads(&choice, 4) == (one_is_faster ? 1 : 4));
            pybp_thread_choice_record(&choice, length, 1);
            length = length < 1024 ? 2 * length : 1024;
            timed = 0;
        }
    }
}

CHECK_MAIN(CHECK_RUN(test_how_long_a_choice_holds); CHECK_RUN(test_the_faster_way);
           CHECK_RUN(test_it_follows_a_change);)
