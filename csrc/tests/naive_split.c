/* The naive program with the one mistake that the contract forbids above all: sums over the inputs of a
 * neuron split in two.  A comparison that does not notice is worth nothing. */
#define NAIVE_SPLIT
#include "naive.c"
