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
            if let file = launch.lockFile {
                lock = try openLocked(file)
                if lock == nil { throw LaunchError(.locked, program: program) }
            }
            let output = try openDescriptor(
                launch.outputFile, O_WRONLY | O_CREAT | O_APPEND | O_NOFOLLOW, 0o640, operation: "write")
            let input = try openDescriptor("/dev/null", O_RDONLY)
            let pid = try spawn(
                launch.arguments, environment: launch.environment, workingDirectory: launch.workingDirectory,
                files: SpawnFiles(input: input, output: output, error: output, kept: lock))
            return POSIXProcess(child: pid)
        } catch {
            if let lock { unlock(lock) }
            switch error {
            case let error as LaunchError: throw error
            case let error as FileError: throw LaunchError(.file(error), program: program)
            default: throw LaunchError(.system(EINVAL), program: program)
            }
        }
    }

    public func adopt(_ identity: ProcessIdentity) -> (any ProcessHandle)? {
        guard identity.boot == currentBoot() else { return nil }
        // First the pidfd, then the question whether it is the right one: after that the number cannot be re-used.
        let pidfd = cplatform_pidfd_open(identity.pid)
        guard pidfd >= 0 else { return nil }
        let descriptor = Descriptor(pidfd)
        guard let found = processIdentity(identity.pid), found == identity else { return nil }
        return POSIXProcess(adopted: identity, pidfd: descriptor)
    }

    public func holders(of lockFile: FilePath) -> [ProcessIdentity] {
        var wanted = stat()
        guard lockFile.withPlatformString({ stat($0, &wanted) }) == 0 else { return [] }
        let own = getpid()
        return allProcesses().filter { pid in
            guard pid != own else { return false }
            let folder = "/proc/\(pid)/fd"
            let numbers = (try? POSIXFileSystem().entries(of: FilePath(folder))) ?? []
            return numbers.contains { number in
                var status = stat()
                return stat("\(folder)/\(number)", &status) == 0 && status.st_ino == wanted.st_ino
                    && status.st_dev == wanted.st_dev
            }
        }.compactMap(processIdentity)
    }
}

func allProcesses() -> [pid_t] {
    ((try? POSIXFileSystem().entries(of: "/proc")) ?? []).compactMap { pid_t($0) }
}

/// `nil` when it does not live; a zombie does not.
func processIdentity(_ pid: pid_t) -> ProcessIdentity? {
    var process = cplatform_process()
    guard cplatform_process_read(pid, &process) == 0, !process.isDead else { return nil }
    return ProcessIdentity(pid: pid, startTime: process.start_time, boot: currentBoot())
}

extension cplatform_process {
    var isDead: Bool { [UInt8(ascii: "Z"), UInt8(ascii: "X")].contains(UInt8(bitPattern: state)) }
}

/// Start times count from the start of the machine, so they mean nothing without saying which.
func currentBoot() -> String {
    guard let bytes = try? POSIXFileSystem().read("/proc/sys/kernel/random/boot_id", limit: 100) else { return "" }
    return String(decoding: bytes.filter { $0 > 32 }, as: UTF8.self)
}

struct SpawnFiles {
    var input: Descriptor
    var output: Descriptor
    var error: Descriptor
    var kept: Descriptor?
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
                    var what = cplatform_spawn(
                        program: program, arguments: argv, environment: envp, working_directory: directory,
                        input: files.input.number, output: files.output.number, error: files.error.number,
                        kept: files.kept?.number ?? -1)
                    return cplatform_spawn(&what, &pid)
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
func withCStrings<Value>(
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
