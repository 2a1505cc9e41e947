// SPDX-License-Identifier: Apache-2.0
#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif
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
        let file = folder.pushing(FilePath(program)).string
        // Before anything of this process is changed: it may go on when the program is not there.
        guard access(file, X_OK) == 0 else {
            throw ClientError(.folder, "\(file) cannot be started: \(String(cString: strerror(errno))).")
        }
        let variables = environment.map { "\($0.key)=\($0.value)" }
        let failure = Self.withCStrings([file] + arguments) { argv in
            Self.withCStrings(variables) { envp in
                Self.execute(file, argv, envp)
            }
        }
        throw ClientError(.folder, "\(file) cannot be started: \(String(cString: strerror(failure))).")
    }

    /// The error number; a success does not return.
    private static func execute(
        _ file: String, _ argv: UnsafePointer<UnsafeMutablePointer<CChar>?>,
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

    private static func withCStrings<Result>(
        _ strings: [String], _ body: (UnsafePointer<UnsafeMutablePointer<CChar>?>) -> Result
    ) -> Result {
        var pointers: [UnsafeMutablePointer<CChar>?] = strings.map { strdup($0) }
        pointers.append(nil)
        defer { for pointer in pointers { free(pointer) } }
        return pointers.withUnsafeBufferPointer { buffer in
            // There is the final nil at least.
            buffer.baseAddress.map(body) ?? body([nil])
        }
    }
}
