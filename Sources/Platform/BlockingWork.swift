// SPDX-License-Identifier: Apache-2.0
internal import Glibc

/// Runs calls that block (hashing, big copies, waiting for a process) on a thread of their own: the cooperative
/// pool has one thread per core, and two blocked ones would stop the whole agent.
public enum BlockingWork {
    /// Not cancellable by itself: long work checks something of its own.
    public static func run<Value: Sendable, Failure: Error>(
        _ work: @escaping @Sendable () throws(Failure) -> Value
    ) async throws(Failure) -> Value {
        let result = await withCheckedContinuation {
            (continuation: CheckedContinuation<Result<Value, Failure>, Never>) in
            startThread { () -> Void in
                let result: Result<Value, Failure>
                do throws(Failure) { result = .success(try work()) } catch { result = .failure(error) }
                continuation.resume(returning: result)
            }
        }
        return try result.get()
    }

    /// Starts a detached thread; when the system gives no more threads, the work runs on this one.
    static func startThread(_ work: @escaping @Sendable () -> Void) {
        let box = Unmanaged.passRetained(Work(work))
        var thread = pthread_t()
        let failure = pthread_create(
            &thread, nil,
            { argument in
                guard let argument else { return nil }
                Unmanaged<Work>.fromOpaque(argument).takeRetainedValue().run()
                return nil
            }, box.toOpaque())
        guard failure == 0 else {
            box.takeRetainedValue().run()
            return
        }
        pthread_detach(thread)
    }

    private final class Work: Sendable {
        private let work: @Sendable () -> Void
        init(_ work: @escaping @Sendable () -> Void) { self.work = work }
        func run() { withoutBrokenPipeSignal { work() } }
    }
}

/// While `work` runs, writing to a pipe that nobody reads is an error on this thread, never the end of the process.
func withoutBrokenPipeSignal<Value, Failure: Error>(
    _ work: () throws(Failure) -> Value
) throws(Failure) -> Value {
    var signals = sigset_t()
    var before = sigset_t()
    sigemptyset(&signals)
    sigaddset(&signals, SIGPIPE)
    pthread_sigmask(SIG_BLOCK, &signals, &before)
    defer {
        if sigismember(&before, SIGPIPE) == 0 {
            // One that came meanwhile would be delivered as soon as it may.
            var now = timespec()
            while sigtimedwait(&signals, nil, &now) == SIGPIPE {}
            pthread_sigmask(SIG_SETMASK, &before, nil)
        }
    }
    return try work()
}
