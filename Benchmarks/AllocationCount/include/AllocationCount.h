#pragma once

#include <stdbool.h>
#include <stdint.h>

/// How often this process has asked for memory so far, from all of its threads.
uint64_t allocation_count(void);

/// Whether requests are counted: on glibc only.
bool allocations_are_counted(void);
