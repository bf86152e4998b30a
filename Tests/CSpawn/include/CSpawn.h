// A call of posix_spawn. In C, since Swift does not see the `_np` functions of glibc.
#pragma once
#include <stdint.h>

/// Starts a program with three streams and no other descriptor, and with the signals as they are by default.
///
/// - process: is set to its id.
/// - line: the program, which is looked for in PATH, and its arguments; ends with NULL.
/// - environment: likewise, NAME=VALUE.
/// - folder: where it is run, or NULL.
/// - input, output, errors: descriptors of this process, or -1 for /dev/null.
///
/// Returns 0, or an errno.
int32_t martlet_spawn(
    int32_t *process, char *const *line, char *const *environment, const char *folder, int32_t input, int32_t output,
    int32_t errors);
