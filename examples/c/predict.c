/* Load the nets of a file, of Python or C, and predict with them on several threads at once.
 *
 *   cc predict.c $(pkg-config --cflags --libs pybp) -pthread && ./a.out FILE
 *
 * Prints the outputs of each net for some rows, as exact hexadecimal numbers. */
#include <pybp.h>

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { ROWS = 100, THREADS = 4, TIMES = 50 };

static void check(pybp_status status)
{
    if (status == PYBP_OK)
        return;
    fprintf(stderr, "%s: %s\n", pybp_status_name(status), pybp_last_error());
    exit(EXIT_FAILURE);
}

typedef struct job {
    const pybp_net *net; /* shared by all threads */
    const pybp_matrix *x;
    void *out;           /* the thread's own */
    size_t bytes;
    int wrong;           /* how often the outputs were others than the first time */
} job;

/* Each thread predicts the same rows many times, on itself alone (threads = 1). */
static void *predict(void *argument)
{
    job *j = argument;
    void *first = malloc(j->bytes);
    check(pybp_predict(j->net, j->x, first, 1));
    for (int i = 0; i < TIMES; i++) {
        check(pybp_predict(j->net, j->x, j->out, 1));
        j->wrong += memcmp(first, j->out, j->bytes) != 0;
    }
    free(first);
    return NULL;
}

static void predict_on_threads(const pybp_net *net)
{
    const size_t n_in = pybp_net_n_in(net), n_out = pybp_net_n_out(net);
    const size_t size = pybp_net_dtype(net) == PYBP_FLOAT32 ? sizeof(float) : sizeof(double);
    float *values = calloc(ROWS * n_in, sizeof *values);
    for (size_t i = 0; i < ROWS * n_in; i++)
        values[i] = (float)(i % 2); /* a category, too, if there are at least two */
    pybp_matrix x = {.data = values, .rows = ROWS, .cols = n_in, .row_stride = (ptrdiff_t)(n_in * sizeof *values),
                     .dtype = PYBP_FLOAT32};
    job jobs[THREADS];
    pthread_t threads[THREADS];
    for (int t = 0; t < THREADS; t++) {
        jobs[t] = (job){net, &x, malloc(ROWS * n_out * size), ROWS * n_out * size, 0};
        if (pthread_create(&threads[t], NULL, predict, &jobs[t]) != 0)
            exit(EXIT_FAILURE);
    }
    for (int t = 0; t < THREADS; t++) {
        pthread_join(threads[t], NULL);
        if (jobs[t].wrong > 0 || memcmp(jobs[0].out, jobs[t].out, jobs[t].bytes) != 0)
            exit(EXIT_FAILURE);
    }
    for (size_t i = 0; i < 2 * n_out; i++) {
        const double value = size == sizeof(float) ? ((const float *)jobs[0].out)[i] : ((const double *)jobs[0].out)[i];
        printf("%a%c", value, (i + 1) % n_out == 0 ? '\n' : ' ');
    }
    for (int t = 0; t < THREADS; t++)
        free(jobs[t].out);
    free(values);
}

int main(int argc, char **argv)
{
    if (argc != 2) {
        fprintf(stderr, "usage: %s FILE\n", argv[0]);
        return EXIT_FAILURE;
    }
    pybp_file *file;
    check(pybp_file_open(argv[1], &file));
    printf("%s, nets: %zu\n", pybp_file_kind(file), pybp_file_n_nets(file));
    for (size_t i = 0; i < pybp_file_n_nets(file); i++) {
        pybp_net *net;
        check(pybp_file_net(file, i, &net));
        predict_on_threads(net);
        pybp_net_free(net);
    }
    pybp_file_close(file);
    return EXIT_SUCCESS;
}
