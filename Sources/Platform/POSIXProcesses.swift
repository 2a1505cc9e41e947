// SPDX-License-Identifier: Apache-2.0
internal import CPlatform
internal import Glibc
internal import Synchronization
public import SystemPackage

/// The machine's own processes: `posix_spawn`, pidfds and `/proc`.
public struct POSIXProcesses: Processes {
    public init() {}

    public func launch(_ launch: Launch) throws(LaunchError) -> any ProcessHandle {
        let program = launch.arguments.first ?? ""
        var lock: Descriptor?
        do {
            if let file = launch.traces.lockFile {
                lock = try openLocked(file)
                if lock == nil { throw LaunchError(.locked, program: program) }
            }
            let output = try openDescriptor(
                launch.outputFile, O_WRONLY | O_CREAT | O_APPEND | O_NOFOLLOW, 0o640, operation: "write")
            let input = try openDescriptor("/dev/null", O_RDONLY)
            var kept = launch.inherited.map(\.rawValue)
            var environment = launch.environment
            if let lock {
                environment[Launch.lockVariable] = String(3 + kept.count)
                kept.append(lock.number)
            }
            if let mark = launch.traces.mark { environment[Launch.markVariable] = mark }
            let files = SpawnFiles(input: input, output: output, error: output, kept: kept)
            let pid = try OwnChildren.shared.start(
                application: withoutLinks(launch.workingDirectory), adoptsOrphans: launch.traces.mark != nil
            ) { () throws(LaunchError) in
                try spawn(
                    launch.arguments, environment: environment, workingDirectory: launch.workingDirectory, files: files)
            }
            return withExtendedLifetime(lock) { POSIXProcess(child: pid, traces: launch.traces) }
        } catch {
            if let lock { unlock(lock) }
            switch error {
            case let error as LaunchError: throw error
            case let error as FileError: throw LaunchError(.file(error), program: program)
            default: throw LaunchError(.system(EINVAL), program: program)
            }
        }
    }

    public func adopt(_ identity: ProcessIdentity, traces: ApplicationTraces) -> (any ProcessHandle)? {
        guard identity.boot == currentBoot() else { return nil }
        // First the pidfd, then the question whether it is the right one: after that the number cannot be re-used.
        let pidfd = cplatform_pidfd_open(identity.pid)
        guard pidfd >= 0 else { return nil }
        let descriptor = Descriptor(pidfd)
        guard let found = processIdentity(identity.pid), found == identity else { return nil }
        var traces = traces
        traces.mark = traces.mark ?? processMark(identity.pid)
        return POSIXProcess(adopted: identity, traces: traces, pidfd: descriptor)
    }

    public func members(traces: ApplicationTraces) -> [RunningProcess] {
        let boot = currentBoot()
        return lookAround(ApplicationKin(root: nil, mark: traces.mark), lockFile: traces.lockFile).members
            .map { $0.running(boot: boot) }
    }

    public func isHeld(_ lockFile: FilePath) -> Bool { lockIsHeld(lockFile) }

    public func listeners(port: UInt16) -> [RunningProcess] { portListeners(port) }
}

/// The path itself when it leads nowhere.
private func withoutLinks(_ path: FilePath) -> FilePath {
    path.withPlatformString { name in
        guard let found = realpath(name, nil) else { return path }
        defer { free(found) }
        return FilePath(platformString: found)
    }
}

struct SpawnFiles {
    var input: Descriptor
    var output: Descriptor
    var error: Descriptor
    /// Become 3 and those that follow.
    var kept: [Int32] = []
}

func spawn(
    _ arguments: [String], environment: [String: String], workingDirectory: FilePath?, files: SpawnFiles
) throws(LaunchError) -> pid_t {
    let name = arguments.first ?? ""
    if let workingDirectory, (try? POSIXFileSystem().entries(of: workingDirectory)) == nil,
        access(workingDirectory.string, X_OK) != 0
    {
        throw LaunchError(.noWorkingDirectory, program: name)
    }
    guard let program = resolveProgram(name, path: environment["PATH"]) else {
        throw LaunchError(.notFound, program: name)
    }
    var pid: pid_t = 0
    let variables = environment.map { "\($0.key)=\($0.value)" }.sorted()
    let failure = withCStrings(arguments) { argv in
        withCStrings(variables) { envp in
            program.withCString { program in
                withOptionalCString(workingDirectory?.string) { directory in
                    files.kept.withUnsafeBufferPointer { kept in
                        var what = cplatform_spawn(
                            program: program, arguments: argv, environment: envp, working_directory: directory,
                            input: files.input.number, output: files.output.number, error: files.error.number,
                            kept: kept.baseAddress, kept_count: Int32(kept.count))
                        return cplatform_spawn(&what, &pid)
                    }
                }
            }
        }
    }
    switch failure {
    case 0: return pid
    case ENOENT, ENOTDIR: throw LaunchError(.notFound, program: name)
    case EACCES, EPERM, ENOEXEC, EISDIR: throw LaunchError(.notExecutable, program: name)
    default: throw LaunchError(.system(failure), program: name)
    }
}

private func resolveProgram(_ name: String, path: String?) -> String? {
    if name.isEmpty { return nil }
    if name.contains("/") { return name }
    for folder in (path ?? "/usr/local/bin:/usr/bin:/bin").split(separator: ":") {
        let candidate = "\(folder)/\(name)"
        if access(candidate, X_OK) == 0 { return candidate }
    }
    return nil
}

private func withOptionalCString<Value>(_ text: String?, _ body: (UnsafePointer<CChar>?) -> Value) -> Value {
    guard let text else { return body(nil) }
    return text.withCString { body($0) }
}

/// A null-terminated array of C strings, as `exec` takes it.
public func withCStrings<Value>(
    _ strings: [String], _ body: (UnsafePointer<UnsafeMutablePointer<CChar>?>) -> Value
) -> Value {
    var pointers: [UnsafeMutablePointer<CChar>?] = strings.map { strdup($0) }
    pointers.append(nil)
    defer { for pointer in pointers { free(pointer) } }
    return pointers.withUnsafeBufferPointer { buffer in
        guard let base = buffer.baseAddress else { preconditionFailure("an array of at least one has an address") }
        return body(base)
    }
}
