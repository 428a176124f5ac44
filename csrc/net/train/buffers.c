#include "net/train/buffers.h"

#include "base/status.h"

#define SMALL_NET (256u << 10) /* bytes of parameters up to which gradients go by chunks */
#define PARTIALS (16u << 20)   /* bytes of chunk sums at the most */

void pybp_trainer_free(pybp_trainer *t)
{
    if (t == NULL)
        return;
    pybp_pass_free(t->pass);
    pybp_free(t->grads);
    pybp_free(t->losses);
    pybp_free(t->norm);
    pybp_free(t->penalties);
    pybp_free(t->order);
    pybp_free(t->snapshot);
    pybp_free(t);
}

static pybp_trainer *trainer_new(const pybp_net *net, size_t batch, size_t step, int threads, bool flat)
{
    pybp_trainer *t = pybp_alloc(sizeof *t);
    const size_t bytes = pybp_buffer_bytes(net), chunks = pybp_chunks_of(batch);
    size_t partials = 1 + chunks - pybp_first_chunk(chunks, 1, threads);
    if (t == NULL)
        return NULL;
    t->batch = batch;
    t->step = step;
    t->threads = threads;
    t->flat = flat;
    t->chunked = chunks > 1 && bytes <= SMALL_NET && partials <= PARTIALS / bytes &&
                 !net->batch_coupled;
    t->partials = t->chunked ? partials : flat ? 1 : 0;
    t->pass = pybp_pass_new(net, t->chunked ? PYBP_CHUNK * (size_t)threads : batch,
                            PYBP_PASS_BACK | PYBP_PASS_LOSS | PYBP_PASS_TRAIN, threads);
    t->grads = pybp_alloc(t->partials * bytes);
    t->losses = pybp_alloc_array(step, sizeof *t->losses);
    t->norm = pybp_alloc(flat ? pybp_norm_blocks(net) * sizeof *t->norm : 0);
    t->penalties = pybp_alloc_array(net->n_penalized, sizeof *t->penalties);
    if (t->pass == NULL || t->grads == NULL || t->losses == NULL || t->norm == NULL || t->penalties == NULL) {
        pybp_trainer_free(t);
        return NULL;
    }
    return t;
}

pybp_status pybp_trainer_fit(pybp_net *net, size_t n, size_t batch, size_t step, int threads,
                             const pybp_train_options *options)
{
    const bool flat = options->optimizer.clip_norm > 0 || step > batch || options->gradient_only;
    pybp_trainer *t = net->trainer;
    if (t == NULL || t->batch != batch || t->step != step || t->threads != threads || t->flat != flat) {
        pybp_trainer_free(t);
        net->trainer = t = trainer_new(net, batch, step, threads, flat);
        if (t == NULL)
            goto fail;
    }
    if (pybp_shuffled(options, n, step) && t->n < n) {
        pybp_free(t->order);
        t->n = 0;
        t->shuffled = 0;
        t->order = pybp_alloc_array(n, sizeof *t->order);
        if (t->order == NULL)
            goto fail;
        t->n = n;
    }
    if (options->restore && t->snapshot == NULL && (t->snapshot = pybp_alloc(pybp_buffer_bytes(net))) == NULL)
        goto fail;
    return PYBP_OK;
fail:
    return pybp_fail(PYBP_NO_MEMORY, "no memory to train on minibatches of %zu rows", batch);
}
