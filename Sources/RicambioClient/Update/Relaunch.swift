// SPDX-License-Identifier: Apache-2.0
#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif
import Platform
import SystemPackage

extension ClientUpdate {
    /// Replaces this process by the program of the folder as it is now, with the same process id, terminal and
    /// working directory. Returns only by throwing.
    ///
    /// - Parameters:
    ///   - program: relative to the folder, e.g. `bin/om-client`.
    ///   - arguments: without the program's own name.
    public func relaunch(
        _ program: String, arguments: [String], environment: [String: String]
    ) throws(ClientError) -> Never {
        let file = folder.pushing(FilePath(program))
        // Before anything of this process is changed: it may go on when the program is not there.
        let isThere = file.withPlatformString { access($0, X_OK) == 0 ? 0 : errno }
        guard isThere == 0 else { throw Self.cannotStart(file, isThere) }
        // What the program is told of its own name; the file is found by its bytes.
        let failure = withCStrings([file.readable] + arguments) { argv in
            withCStrings(environment.map { "\($0.key)=\($0.value)" }) { envp in
                file.withPlatformString { Self.execute($0, argv, envp) }
            }
        }
        throw Self.cannotStart(file, failure)
    }

    private static func cannotStart(_ file: FilePath, _ number: Int32) -> ClientError {
        ClientError(.folder, "\(file.readable) cannot be started: \(String(cString: strerror(number))).")
    }

    /// The error number; a success does not return.
    private static func execute(
        _ file: UnsafePointer<CChar>, _ argv: UnsafePointer<UnsafeMutablePointer<CChar>?>,
        _ envp: UnsafePointer<UnsafeMutablePointer<CChar>?>
    ) -> Int32 {
        // The new program must not inherit this one's sockets and files,
        for descriptor in 3..<Int32(max(3, min(sysconf(Int32(_SC_OPEN_MAX)), 65_536))) {
            let flags = fcntl(descriptor, F_GETFD)
            if flags >= 0 { _ = fcntl(descriptor, F_SETFD, flags | FD_CLOEXEC) }
        }
        // nor the signals that this thread blocks (threads of a pool block nearly all) or that this program ignores.
        for number in [SIGINT, SIGTERM, SIGPIPE] { signal(number, SIG_DFL) }
        var signals = sigset_t()
        sigemptyset(&signals)
        pthread_sigmask(SIG_SETMASK, &signals, nil)
        execve(file, argv, envp)
        return errno
    }
}
