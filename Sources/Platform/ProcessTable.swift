// SPDX-License-Identifier: Apache-2.0
internal import CPlatform
internal import Glibc
internal import SystemPackage

/// A process as it was seen in `/proc`.
struct ProcessEntry: Sendable, Hashable {
    /// What stays the same of it, whatever becomes of its parent and its name.
    struct Identity: Hashable {
        var pid: pid_t
        var startTime: UInt64
    }

    var pid: pid_t
    /// Clock ticks since the machine was started: with the number it names the process.
    var startTime: UInt64
    var parent: pid_t
    var session: pid_t
    var isDead = false
    var name = ""

    var identity: Identity { Identity(pid: pid, startTime: startTime) }

    func running(boot: String) -> RunningProcess {
        RunningProcess(
            identity: ProcessIdentity(pid: pid, startTime: startTime, boot: boot), name: name,
            leadsSession: session == pid)
    }
}

/// One look at all programs of the machine: a few microseconds for each.
func allProcesses() -> [ProcessEntry] {
    ((try? POSIXFileSystem().entries(of: "/proc")) ?? []).compactMap { pid_t($0) }.compactMap(processEntry)
}

/// `nil` when there is none, or when it is a thread of the system itself.
func processEntry(_ pid: pid_t) -> ProcessEntry? {
    var found = cplatform_process()
    guard cplatform_process_read(pid, &found) == 0, found.is_kernel == 0 else { return nil }
    let state = UInt8(bitPattern: found.state)
    // The first thread of a process may end before the others: then it is a zombie that runs.
    let isDead = [UInt8(ascii: "Z"), UInt8(ascii: "X")].contains(state) && found.threads <= 1
    let name = withUnsafeBytes(of: found.name) { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
    return ProcessEntry(
        pid: pid, startTime: found.start_time, parent: found.parent, session: found.session, isDead: isDead,
        name: name)
}

/// `nil` when it does not live; a zombie does not.
func processIdentity(_ pid: pid_t) -> ProcessIdentity? {
    guard let found = processEntry(pid), !found.isDead else { return nil }
    return ProcessIdentity(pid: pid, startTime: found.startTime, boot: currentBoot())
}

/// Start times count from the start of the machine, so they mean nothing without saying which.
func currentBoot() -> String {
    guard let bytes = try? POSIXFileSystem().read("/proc/sys/kernel/random/boot_id", limit: 100) else { return "" }
    return String(decoding: bytes.filter { $0 > 32 }, as: UTF8.self)
}

func processFile(_ pid: pid_t, _ name: String) -> FilePath { FilePath("/proc/\(pid)/\(name)") }

/// The mark in the environment that it was started with; `nil` also when that cannot be read.
func processMark(_ pid: pid_t) -> String? {
    var value = [UInt8](repeating: 0, count: 64)
    let count = cplatform_process_variable(pid, Launch.markVariable, &value, value.count)
    return count > 0 ? String(decoding: value[..<count], as: UTF8.self) : nil
}

/// Where it works and where its program lies, as far as this account may know.
func processPlaces(_ pid: pid_t) -> [FilePath] {
    ["cwd", "exe"].compactMap { try? POSIXFileSystem().destination(ofLink: processFile(pid, $0)) }
        .map { FilePath($0) }
}

/// The numbers of the descriptors that it has open; none when this account may not look.
func processDescriptors(_ pid: pid_t) -> [String] { (try? POSIXFileSystem().entries(of: processFile(pid, "fd"))) ?? [] }

/// Signals go by pidfd, and the process is looked at again with the pidfd in hand: a number that was used again
/// meanwhile is left alone.
func signal(_ process: ProcessEntry, _ number: Int32) {
    let pidfd = cplatform_pidfd_open(process.pid)
    guard pidfd >= 0 else { return }
    let descriptor = Descriptor(pidfd)
    guard let found = processEntry(process.pid), found.startTime == process.startTime else { return }
    _ = cplatform_pidfd_send_signal(descriptor.number, number)
}
