#include "CFileStatus.h"

#include <errno.h>
#include <sys/stat.h>

static struct martlet_file_status described(int result, const struct stat *status) {
    if (result != 0) return (struct martlet_file_status){.error = errno};
    return (struct martlet_file_status){
        .is_file = S_ISREG(status->st_mode),
        .is_folder = S_ISDIR(status->st_mode),
        .permissions = status->st_mode & 07777,
        .owner = status->st_uid,
    };
}

struct martlet_file_status martlet_status_of_path(const char *path) {
    struct stat status;
    int result = stat(path, &status);
    return described(result, &status);
}

struct martlet_file_status martlet_status_of_descriptor(int descriptor) {
    struct stat status;
    int result = fstat(descriptor, &status);
    return described(result, &status);
}
