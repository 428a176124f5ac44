/* How many threads take the next steps: whichever number was faster when both were tried. */
#include "check.h"
#include "net/train/thread_choice.h"

/* Steps of a training in which one thread takes `one` ms a step and four take `many`; returns how many of those from
 * step `from` on were taken by one. */
static size_t train(pybp_thread_choice *team, size_t steps, size_t from, double one, double many, size_t a_call)
{
    size_t done = 0, alone = 0;
    while (done < steps) {
        const size_t left = a_call - done % a_call, n = pybp_thread_choice_steps(team, left < steps - done ? left : steps - done);
        const int size = pybp_thread_choice_threads(team, 4);
        CHECK(n >= 1 && n <= left && (size == 1 || size == 4));
        pybp_thread_choice_record(team, n, (double)n * (size == 1 ? one : many));
        if (size == 1 && done >= from)
            alone += n;
        done += n;
    }
    return alone;
}

static void test_the_faster_way(void)
{
    for (size_t a_call = 1; a_call <= 1000; a_call = a_call * 3 + 1) {
        pybp_thread_choice near = {0}, far = {0};
        const size_t few = train(&near, 20000, 0, 1.0, 0.6, a_call), most = train(&far, 20000, 0, 1.0, 3.0, a_call);
        CHECK(few > 0 && few < 400); /* it is tried, and not often */
        CHECK(20000 - most > 0 && 20000 - most < 400);
    }
}

static void test_it_follows_a_change(void)
{
    pybp_thread_choice team = {0};
    train(&team, 5000, 0, 1.0, 3.0, 100);
    CHECK(train(&team, 5000, 1000, 1.0, 0.6, 100) < 200);
    CHECK(train(&team, 5000, 1000, 1.0, 3.0, 100) > 3800);
}

/* A first choice holds for 64 steps, one that is made again for twice as many, up to 1024. */
static void test_how_long_a_choice_holds(void)
{
    for (int alone = 0; alone < 2; alone++) {
        pybp_thread_choice team = {0};
        size_t trial = 0, wanted = 64;
        for (int choice = 0; choice < 7; choice++) {
            for (size_t n; (n = pybp_thread_choice_steps(&team, 5000)) == 1; trial++)
                pybp_thread_choice_record(&team, 1, (pybp_thread_choice_threads(&team, 4) == 1) == (alone == 1) ? 1 : 2);
            CHECK(trial == 12 && pybp_thread_choice_steps(&team, 5000) == wanted);
            CHECK(pybp_thread_choice_threads(&team, 4) == (alone ? 1 : 4));
            pybp_thread_choice_record(&team, wanted, 1);
            wanted = wanted < 1024 ? 2 * wanted : 1024;
            trial = 0;
        }
    }
}

CHECK_MAIN(CHECK_RUN(test_how_long_a_choice_holds); CHECK_RUN(test_the_faster_way); CHECK_RUN(test_it_follows_a_change);)
