/* Which runs test_contract makes: every instruction set that this machine can run, on 1, 2, 3 and 8 threads, or
 * those among them that the environment names, as in
 *     PYBP_CONTRACT_ISAS=avx512 PYBP_CONTRACT_THREADS=1,3 PYBP_CONTRACT_EVERY=7 test_contract
 * where only every seventh case is run, in either dtype. */
#ifndef PYBP_TESTS_CONTRACT_CHOICE_H
#define PYBP_TESTS_CONTRACT_CHOICE_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "pybp.h"

#define CONTRACT_MAX_CHOICES 16

typedef struct contract_choice {
    const char *isas[CONTRACT_MAX_CHOICES];
    int threads[CONTRACT_MAX_CHOICES];
    size_t n_isas, n_threads, every;
} contract_choice;

/* Whether the list in the environment has that word, or there is no list. */
static int contract_wants(const char *variable, const char *word)
{
    const char *list = getenv(variable);
    const size_t length = strlen(word);
    if (list == NULL)
        return 1;
    while (strncmp(list, word, length) != 0 || (list[length] != '\0' && list[length] != ',')) {
        list = strchr(list, ',');
        if (list == NULL)
            return 0;
        list++;
    }
    return 1;
}

static void contract_choose(contract_choice *choice)
{
    static const int threads[] = {1, 2, 3, 8};
    const char *every = getenv("PYBP_CONTRACT_EVERY");
    *choice = (contract_choice){.every = every != NULL && atoi(every) > 0 ? (size_t)atoi(every) : 1};
    for (int k = 0; pybp_isa_compiled(k); k++)
        if (!contract_wants("PYBP_CONTRACT_ISAS", pybp_isa_compiled(k)))
            printf("not asked for: %s\n", pybp_isa_compiled(k));
        else if (pybp_isa_usable(pybp_isa_compiled(k)))
            choice->isas[choice->n_isas++] = pybp_isa_compiled(k);
        else
            printf("SKIPPED: %s, which this CPU cannot run\n", pybp_isa_compiled(k));
    for (size_t t = 0; t < sizeof threads / sizeof *threads; t++) {
        char word[16];
        snprintf(word, sizeof word, "%d", threads[t]);
        if (contract_wants("PYBP_CONTRACT_THREADS", word))
            choice->threads[choice->n_threads++] = threads[t];
    }
}

#endif
