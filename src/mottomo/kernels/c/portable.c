/* Vectors of 16 bytes, which every processor has; a compiler makes two of one where it must. */
#include "task.h"
#define VB 16
#include "loops.h"
const struct kernels portable = TABLE;
