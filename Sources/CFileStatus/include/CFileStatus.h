// Who owns a file and who may read it.
//
// Swift's own `struct stat` cannot be used on Linux in a module that links Foundation: which clang module it is of
// depends on what was imported first, and an optimized build refuses it.
#pragma once
#include <stdbool.h>
#include <stdint.h>

struct martlet_file_status {
    /// 0, or the errno of the call.
    int32_t error;
    bool is_file;
    bool is_folder;
    /// The permission bits, as chmod takes them.
    uint32_t permissions;
    uint32_t owner;
};

struct martlet_file_status martlet_status_of_path(const char *path);
struct martlet_file_status martlet_status_of_descriptor(int descriptor);
