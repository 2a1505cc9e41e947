// SPDX-License-Identifier: Apache-2.0
internal import Foundation
internal import Glibc

struct BenchError: Error, CustomStringConvertible {
    var description: String
    init(_ description: String) { self.description = description }
}

/// A command run to its end, with what it took.
struct Child {
    /// Wall time.
    var seconds: Double
    /// User and system time, of itself and the children it waited for.
    var processorSeconds: Double
    /// The most that was resident, in bytes.
    var residentBytes: Double

    /// Throws unless it ends with 0. What it writes goes into the files `output` and `errors`, or nowhere; without `isQuiet`
    /// its errors go to standard error.
    static func run(
        _ arguments: [String], in folder: String? = nil, environment: [String: String] = [:], isQuiet: Bool = true,
        output: String? = nil, errors: String? = nil
    ) throws -> Child {
        let start = ContinuousClock.now
        let pid = try spawn(
            arguments, in: folder, environment: environment, isQuiet: isQuiet, output: output, errors: errors)
        var (status, usage) = (Int32(0), rusage())
        while wait4(pid, &status, 0, &usage) < 0 {
            guard errno == EINTR else { throw BenchError("wait4: \(String(cString: strerror(errno)))") }
        }
        let seconds = (ContinuousClock.now - start) / .seconds(1)
        guard status == 0 else { throw BenchError("\(arguments.joined(separator: " ")) ended with \(status)") }
        let processor = Self.seconds(usage.ru_utime) + Self.seconds(usage.ru_stime)
        return Child(seconds: seconds, processorSeconds: processor, residentBytes: Double(usage.ru_maxrss) * 1024)
    }

    /// Starts a command that the caller ends.
    static func spawn(
        _ arguments: [String], in folder: String? = nil, environment: [String: String] = [:], isQuiet: Bool = true,
        output: String? = nil, errors: String? = nil
    ) throws -> pid_t {
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
        posix_spawn_file_actions_addopen(
            &actions, 1, output ?? "/dev/null", O_WRONLY | O_CREAT | O_TRUNC, 0o644)
        if isQuiet || errors != nil {
            posix_spawn_file_actions_addopen(
                &actions, 2, errors ?? "/dev/null", O_WRONLY | O_CREAT | O_TRUNC, 0o644)
        }
        // The threads that async code runs on block every signal; a child must not inherit that, or nothing ends it.
        var attributes = posix_spawnattr_t()
        posix_spawnattr_init(&attributes)
        defer { posix_spawnattr_destroy(&attributes) }
        var none = sigset_t()
        sigemptyset(&none)
        posix_spawnattr_setsigmask(&attributes, &none)
        posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETSIGMASK))
        let arguments = folder.map { ["sh", "-c", "cd \"$0\" && exec \"$@\"", $0] + arguments } ?? arguments
        let all = ProcessInfo.processInfo.environment.merging(environment) { $1 }
        var argv: [UnsafeMutablePointer<CChar>?] = arguments.map { strdup($0) } + [nil]
        var envp: [UnsafeMutablePointer<CChar>?] = all.map { strdup("\($0.key)=\($0.value)") } + [nil]
        defer {
            for pointer in argv + envp { free(pointer) }
            (argv, envp) = ([], [])
        }
        var pid = pid_t()
        let failure = posix_spawnp(&pid, arguments[0], &actions, &attributes, argv, envp)
        guard failure == 0 else { throw BenchError("\(arguments[0]): \(String(cString: strerror(failure)))") }
        return pid
    }

    static func end(_ pid: pid_t) {
        kill(pid, SIGTERM)
        var status: Int32 = 0
        while waitpid(pid, &status, 0) < 0, errno == EINTR {}
    }

    private static func seconds(_ time: timeval) -> Double { Double(time.tv_sec) + Double(time.tv_usec) * 1e-6 }
}

/// A folder that goes when the benchmark ends.
final class Workshop {
    let path: String

    init() throws {
        let url = FileManager.default.temporaryDirectory.appending(path: "ricambio-bench-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
        path = url.path
    }

    deinit { try? FileManager.default.removeItem(atPath: path) }
}

extension Workshop {
    /// Starts a server whose output goes into `log`, and waits for what follows `mark` on a line of it.
    func start(
        _ command: [String], log: String, environment: [String: String] = [:], after mark: String
    ) throws -> (pid: pid_t, said: String) {
        let pid = try Child.spawn(command, environment: environment, output: "\(path)/\(log)")
        do {
            return (pid, try line(after: mark, in: log))
        } catch {
            Child.end(pid)
            throw error
        }
    }

    /// What follows `mark` on its line, once the log has it.
    func line(after mark: String, in log: String) throws -> String {
        let file = "\(path)/\(log)"
        for _ in 0..<600 {
            let text = (try? String(contentsOfFile: file, encoding: .utf8)) ?? ""
            if let start = text.range(of: mark), let end = text[start.upperBound...].firstIndex(of: "\n") {
                return String(text[start.upperBound..<end])
            }
            usleep(50_000)
        }
        let text = (try? String(contentsOfFile: file, encoding: .utf8)) ?? ""
        throw BenchError("a server of the benchmark did not start, or not as it should: \(text)")
    }
}

/// As releases name it.
var thisPlatform: String {
    #if arch(arm64)
        "linux-aarch64"
    #else
        "linux-x86_64"
    #endif
}
