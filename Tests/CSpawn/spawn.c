#define _GNU_SOURCE
#include "CSpawn.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <sys/types.h>

static int set_actions(posix_spawn_file_actions_t *actions, const char *folder, const int32_t streams[3]) {
    int error = 0;
    for (int stream = 0; stream < 3 && error == 0; stream++) {
        int descriptor = streams[stream];
        if (descriptor < 0) {
            error = posix_spawn_file_actions_addopen(actions, stream, "/dev/null", O_RDWR, 0);
        } else if (descriptor < 3 && descriptor != stream) {
            // Another action may replace it before this one looks at it.
            error = EBADF;
        } else {
            error = posix_spawn_file_actions_adddup2(actions, descriptor, stream);
        }
    }
    if (error == 0 && folder) error = posix_spawn_file_actions_addchdir_np(actions, folder);
#ifndef __APPLE__
    if (error == 0) error = posix_spawn_file_actions_addclosefrom_np(actions, 3);
#endif
    return error;
}

static int set_attributes(posix_spawnattr_t *attributes) {
    short flags = POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK;
#ifdef __APPLE__
    flags |= POSIX_SPAWN_CLOEXEC_DEFAULT;
#endif
    sigset_t none, all;
    sigemptyset(&none);
    sigfillset(&all);
    int error = posix_spawnattr_setsigmask(attributes, &none);
    if (error == 0) error = posix_spawnattr_setsigdefault(attributes, &all);
    if (error == 0) error = posix_spawnattr_setflags(attributes, flags);
    return error;
}

int32_t martlet_spawn(
    int32_t *process, char *const *line, char *const *environment, const char *folder, int32_t input, int32_t output,
    int32_t errors) {
    posix_spawn_file_actions_t actions;
    int error = posix_spawn_file_actions_init(&actions);
    if (error != 0) return error;
    posix_spawnattr_t attributes;
    error = posix_spawnattr_init(&attributes);
    if (error == 0) {
        const int32_t streams[3] = {input, output, errors};
        error = set_actions(&actions, folder, streams);
        if (error == 0) error = set_attributes(&attributes);
        pid_t id = 0;
        if (error == 0) error = posix_spawnp(&id, line[0], &actions, &attributes, line, environment);
        *process = id;
        posix_spawnattr_destroy(&attributes);
    }
    posix_spawn_file_actions_destroy(&actions);
    return error;
}
