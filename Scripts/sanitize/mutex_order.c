// Tells ThreadSanitizer of the order that Synchronization.Mutex makes (Swift 6.3, Linux).
//
// The quick path of a Mutex is compiled into our code, and seen. The paths for a lock that is contended are in
// libswiftSynchronization.so, which is not instrumented: whatever two threads did one after the other under such a lock
// is then reported as a race. This library goes between (LD_PRELOAD), calls the real functions, and notes what they did.
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#define SWIFT __attribute__((swiftcall))
#define CONTEXT __attribute__((swift_context))
#define LOCK_SLOW "$s15Synchronization12_MutexHandleV9_lockSlowyys6UInt32VF"
#define TRY_LOCK_SLOW "$s15Synchronization12_MutexHandleV12_tryLockSlowSbyF"
#define UNLOCK_SLOW "$s15Synchronization12_MutexHandleV11_unlockSlowyyF"

// In the instrumented executable; absent in others, such as the shell that starts it.
__attribute__((weak)) void __tsan_acquire(void *address);
__attribute__((weak)) void __tsan_release(void *address);

SWIFT void lock_slow(uint32_t thread, CONTEXT void *mutex) __asm__(LOCK_SLOW);
SWIFT bool try_lock_slow(CONTEXT void *mutex) __asm__(TRY_LOCK_SLOW);
SWIFT void unlock_slow(CONTEXT void *mutex) __asm__(UNLOCK_SLOW);

static void *real(const char *name) {
    void *function = dlsym(RTLD_NEXT, name);
    if (!function) {
        fprintf(stderr, "mutex_order: this Swift has no %s\n", name);
        abort();
    }
    return function;
}

SWIFT void lock_slow(uint32_t thread, CONTEXT void *mutex) {
    static SWIFT void (*next)(uint32_t, CONTEXT void *);
    if (!next) next = (SWIFT void (*)(uint32_t, CONTEXT void *))real(LOCK_SLOW);
    next(thread, mutex);
    if (__tsan_acquire) __tsan_acquire(mutex);
}

SWIFT bool try_lock_slow(CONTEXT void *mutex) {
    static SWIFT bool (*next)(CONTEXT void *);
    if (!next) next = (SWIFT bool (*)(CONTEXT void *))real(TRY_LOCK_SLOW);
    bool is_locked = next(mutex);
    if (is_locked && __tsan_acquire) __tsan_acquire(mutex);
    return is_locked;
}

SWIFT void unlock_slow(CONTEXT void *mutex) {
    static SWIFT void (*next)(CONTEXT void *);
    if (!next) next = (SWIFT void (*)(CONTEXT void *))real(UNLOCK_SLOW);
    if (__tsan_release) __tsan_release(mutex);
    next(mutex);
}
