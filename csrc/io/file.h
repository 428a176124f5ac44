/* An open file of pybp: the container, and the description in it. */
#ifndef PYBP_IO_FILE_H
#define PYBP_IO_FILE_H

#include "io/container.h"

struct pybp_file {
    pybp_container container;
    char *description, *text; /* the description, and the copy in which it was parsed */
    pybp_json *document;
    int format;             /* 1 or 2 */
    const char *kind;       /* static */
    const pybp_json *nets;  /* the first net */
    size_t n_nets;
};

/* The description of a net, and what the names of its arrays begin with. */
const pybp_json *pybp_file_net_description(const pybp_file *file, size_t index);
void pybp_file_prefix(size_t index, char prefix[32]);

#endif
