#if canImport(Darwin)
import Darwin
#elseif canImport(Musl)
import Musl
#else
import Glibc
#endif

/// Lets the other threads go first where the processor has not enough for all: for work that takes long, and that
/// nobody should have to wait for who did not ask for it.
///
/// It holds for the calling thread from now on, and is not more than a wish: where the system refuses it, all goes on as
/// before.
func lowerPriorityOfThread() {
    #if canImport(Darwin)
    pthread_set_qos_class_self_np(QOS_CLASS_UTILITY, 0)
    #else
    // A tenth of the weight of a thread that has no wish. On Linux this is about the thread alone (setpriority(2)).
    let nice: Int32 = 10
    // PRIO_PROCESS, which is another type with each C library.
    let process: Int32 = 0
    if getpriority(process, 0) < nice { _ = setpriority(process, 0, nice) }
    #endif
}
