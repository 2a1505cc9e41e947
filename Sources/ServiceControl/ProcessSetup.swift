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

    /// Which process to adopt.
    private struct Record: Codable {
        var process: ProcessIdentity
    }

    // MARK: - Adopt

    func findRunning() -> (any ProcessHandle)? {
        if let bytes = try? fileSystem.read(recordFile, limit: 1 << 16),
            let record = try? JSONDecoder().decode(Record.self, from: Data(bytes)),
            let handle = processes.adopt(record.process)
        {
            return handle
        }
        // An agent that died between the spawn and the record left no record: the lock tells.
        for holder in processes.holders(of: lockFile) {
            if let handle = processes.adopt(holder), handle.members().contains(holder) {
                remember(handle)
                return handle
            }
        }
        return nil
    }

    private func remember(_ handle: any ProcessHandle) {
        guard let data = try? JSONEncoder().encode(Record(process: handle.identity)) else { return }
        // Without the record (a full disk, say) the lock still prevents a second start and finds the process.
        try? fileSystem.replace(recordFile, with: [UInt8](data), permissions: 0o600)
    }

    func forget() { try? fileSystem.remove(recordFile) }

    // MARK: - Launch

    func launch(
        environment extra: [String: String], clock: any WallClock
    ) async -> Result<any ProcessHandle, ServiceError> {
        let first = await BlockingWork.run { launchOnce(environment: extra) }
        guard case .failure(let error) = first, error.code == .alreadyRunning else { return first }
        // The application itself is gone (else it would have been adopted), but something it started lives on.
        await endLeftovers(clock)
        return await BlockingWork.run { launchOnce(environment: extra) }
    }

    private func launchOnce(environment extra: [String: String]) -> Result<any ProcessHandle, ServiceError> {
        do throws(FileError) {
            try fileSystem.makeDirectories(stateFolder, permissions: 0o750)
        } catch {
            return .failure(ServiceError(.file(error), reason: "Cannot start \(program). \(error)", place: program))
        }
        rotateOutput()
        let launch = Launch(
            command, environment: inherited.merging(environment) { $1 }.merging(extra) { $1 },
            workingDirectory: folder, outputFile: outputFile, lockFile: lockFile)
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

    private func endLeftovers(_ clock: any WallClock) async {
        for forced in [false, true] {
            let handles = await BlockingWork.run { processes.holders(of: lockFile).compactMap(processes.adopt) }
            for handle in handles { forced ? handle.kill() : handle.terminate() }
            let end = clock.monotonicSeconds + 2
            while handles.contains(where: \.isRunning), clock.monotonicSeconds < end {
                try? await clock.sleep(seconds: 0.02)
            }
        }
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
