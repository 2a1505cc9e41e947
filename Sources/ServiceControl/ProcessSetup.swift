// SPDX-License-Identifier: Apache-2.0
#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif
import Platform
import SystemPackage

/// The files and calls of ``ProcessService``. Everything here blocks, so it is called off the cooperative pool.
struct ProcessSetup: Sendable {
    var command: [String]
    var folder: FilePath
    var stateFolder: FilePath
    var environment: [String: String]
    var outputLimit: Int64
    var processes: any Processes
    var fileSystem: any FileSystem

    var program: String { command.first ?? "" }
    var outputFile: FilePath { stateFolder.appending("application.log") }
    private var olderOutputFile: FilePath { stateFolder.appending("application.log.1") }
    private var lockFile: FilePath { stateFolder.appending("application.lock") }
    private var recordFile: FilePath { stateFolder.appending("service.json") }

    /// Which process to adopt, and by what everything of it is known.
    private struct Record: Codable {
        var process: ProcessIdentity
        /// What agents of an earlier version wrote has neither.
        var mark: String?
        /// The lock file's inode: a record that was copied along with its folder speaks of another's application.
        var lock: UInt64?
    }

    /// What an agent finds of an application that one before it started.
    enum Found: Sendable {
        case nothing
        case running(any ProcessHandle)
        /// Its first process is gone; the handle is on one of those that it left.
        case leftovers(any ProcessHandle)
    }

    // MARK: - Adopt

    func find() -> Found {
        let record = readRecord()
        let traces = ApplicationTraces(lockFile: lockFile, mark: record?.mark)
        if let record, let handle = processes.adopt(record.process, traces: traces) { return .running(handle) }
        let members = processes.members(traces: traces)
        // The record is removed before each start: without one of this boot, an agent died between the start and the
        // record, and what runs began with the first leader of a session.
        if let leader = members.first(where: \.leadsSession), record?.process.boot != leader.identity.boot,
            let handle = processes.adopt(leader.identity, traces: ApplicationTraces(lockFile: lockFile))
        {
            remember(handle)
            return .running(handle)
        }
        for member in members {
            if let handle = processes.adopt(member.identity, traces: traces) { return .leftovers(handle) }
        }
        return .nothing
    }

    private func readRecord() -> Record? {
        guard let bytes = try? fileSystem.read(recordFile, limit: 1 << 16),
            let record = try? JSONDecoder().decode(Record.self, from: Data(bytes))
        else { return nil }
        if let lock = record.lock, let inode = lockInode, lock != inode { return nil }
        return record
    }

    private var lockInode: UInt64? { (try? fileSystem.attributes(of: lockFile))?.inode }

    private func remember(_ handle: any ProcessHandle) {
        let record = Record(process: handle.identity, mark: handle.traces.mark, lock: lockInode)
        guard let data = try? JSONEncoder().encode(record) else { return }
        // Without the record (a full disk, say) the lock still prevents a second start and finds the process.
        try? fileSystem.replace(recordFile, with: [UInt8](data), permissions: 0o600)
    }

    func forget() { try? fileSystem.remove(recordFile) }

    var isLockFree: Bool { !processes.isHeld(lockFile) }

    // MARK: - Launch

    func launch(environment extra: [String: String]) -> Result<any ProcessHandle, ServiceError> {
        do throws(FileError) {
            try fileSystem.makeDirectories(stateFolder, permissions: 0o700)
        } catch {
            return .failure(ServiceError(.file(error), reason: "Cannot start \(program). \(error)", place: program))
        }
        rotateOutput()
        forget()
        let launch = Launch(
            command, environment: inherited.merging(environment) { $1 }.merging(extra) { $1 },
            workingDirectory: folder, outputFile: outputFile,
            traces: ApplicationTraces(lockFile: lockFile, mark: ApplicationTraces.randomMark()))
        do throws(LaunchError) {
            let handle = try processes.launch(launch)
            remember(handle)
            return .success(handle)
        } catch {
            return .failure(ServiceError(error))
        }
    }

    /// What any program may expect; the agent's other variables are its own business.
    private var inherited: [String: String] {
        let names: Set = ["PATH", "HOME", "USER", "LOGNAME", "SHELL", "LANG", "TZ", "TMPDIR", "LD_LIBRARY_PATH"]
        let variables = ProcessInfo.processInfo.environment.filter { names.contains($0.key) || $0.key.hasPrefix("LC_") }
        return ["PATH": "/usr/local/bin:/usr/bin:/bin"].merging(variables) { $1 }
    }

    // MARK: - Output

    /// The application keeps its file open for appending, so the content is copied away and the file emptied;
    /// a line written in between is lost, which is why the limit is large and this is rare.
    func rotateOutput() {
        guard let found = try? fileSystem.attributes(of: outputFile), found.size > outputLimit else { return }
        do throws(FileError) {
            try fileSystem.remove(olderOutputFile)
            try fileSystem.copyFile(outputFile, to: olderOutputFile)
            try fileSystem.openForWriting(outputFile, permissions: 0o640, resume: true).truncate(to: 0)
        } catch {
            // A disk that is full must not keep the application from running.
        }
    }

    func recentOutput(lines: Int) -> String {
        var text = ""
        for file in [olderOutputFile, outputFile] {
            guard let open = try? fileSystem.openForReading(file), let size = try? open.attributes().size else {
                continue
            }
            let wanted = min(size, 1 << 20)
            let bytes = (try? open.read(at: size - wanted, count: Int(wanted))) ?? []
            text += String(decoding: bytes, as: UTF8.self)
        }
        let all = text.split(separator: "\n", omittingEmptySubsequences: false)
        let kept = all.last == "" ? all.dropLast() : all[...]
        return kept.suffix(max(0, lines)).map { $0 + "\n" }.joined()
    }
}
