// SPDX-License-Identifier: Apache-2.0
import Foundation
public import Platform
public import SystemPackage

/// Where a story plays: a folder, the executables of the build, and every process started here, so that all of
/// them are ended, by their identity, whatever happens.
public actor Stage {
    public nonisolated let folder: FilePath
    public nonisolated let executables: Executables
    public nonisolated let fileSystem = POSIXFileSystem()
    private var processes: [StagedProcess] = []
    /// Where agents note the applications they started: one that was killed leaves its application running.
    private var serviceNotes: Set<FilePath> = []
    private let isTemporary: Bool

    /// With `nil`, a temporary folder that ``cleanUp()`` removes; a folder given is emptied first and stays.
    public init(folder: FilePath? = nil, executables: Executables) throws {
        self.executables = executables
        // RICAMBIO_KEEP_STAGE leaves the folder behind, for finding out what went wrong.
        isTemporary = folder == nil && ProcessInfo.processInfo.environment["RICAMBIO_KEEP_STAGE"] == nil
        if let folder {
            self.folder = try Stage.absolute(folder)
            try Stage.empty(self.folder, fileSystem)
        } else {
            let temporary = FileManager.default.temporaryDirectory.resolvingSymlinksInPath()
            self.folder = FilePath(temporary.path).appending("ricambio-stage-\(UUID().uuidString)")
        }
        try fileSystem.makeDirectories(self.folder)
        try fileSystem.replace(self.folder.appending(Stage.marker), with: [], permissions: 0o644)
    }

    private static let marker = ".ricambio-stage"

    /// Only what a stage left there before is deleted: a folder named by mistake is somebody's home.
    private static func empty(_ folder: FilePath, _ fileSystem: POSIXFileSystem) throws {
        guard try fileSystem.exists(folder) else { return }
        let isOurs = try fileSystem.exists(folder.appending(marker)) || fileSystem.entries(of: folder).isEmpty
        guard isOurs else {
            throw StageError("\(folder) is not empty and was not made here; nothing was changed. Name another folder.")
        }
        try fileSystem.removeTree(folder)
    }

    private static func absolute(_ folder: FilePath) throws -> FilePath {
        if folder.isAbsolute { return folder }
        return FilePath(FileManager.default.currentDirectoryPath).pushing(folder).lexicallyNormalized()
    }

    /// Starts a process; its output goes to `logs/<name>.log`, numbered from the second start on.
    public func start(
        _ name: String, _ arguments: [String], environment: [String: String] = [:], in folder: FilePath? = nil
    ) throws -> StagedProcess {
        let logs = self.folder.appending("logs")
        try fileSystem.makeDirectories(logs)
        var output = logs.appending("\(name).log")
        var number = 2
        while try fileSystem.exists(output) {
            output = logs.appending("\(name)-\(number).log")
            number += 1
        }
        let handle = try POSIXProcesses().launch(
            Launch(
                arguments, environment: Stage.environment(environment), workingDirectory: folder ?? self.folder,
                outputFile: output))
        let process = StagedProcess(name: name, output: output, handle: handle)
        processes.append(process)
        return process
    }

    /// Runs a short command to its end; its exit code is an answer, not an error.
    public nonisolated func run(
        _ arguments: [String], environment: [String: String] = [:], in folder: FilePath? = nil,
        input: String = "", timeout: Double = 120
    ) async throws -> CommandResult {
        try await POSIXCommandRunner().run(
            Command(
                arguments, environment: Stage.environment(environment), workingDirectory: folder ?? self.folder,
                input: Array(input.utf8), timeout: timeout, outputLimit: 16 << 20))
    }

    /// The same, for commands that must succeed.
    @discardableResult
    public nonisolated func succeed(
        _ arguments: [String], environment: [String: String] = [:], in folder: FilePath? = nil,
        input: String = "", timeout: Double = 120
    ) async throws -> CommandResult {
        let result = try await run(
            arguments, environment: environment, in: folder, input: input, timeout: timeout)
        guard result.succeeded else {
            throw StageError(
                "\(arguments.joined(separator: " ")): \(result.end)\n\(result.outputText)\(result.errorText)")
        }
        return result
    }

    /// Ends every process of the stage, newest first, and what agents left running; removes a temporary folder.
    public func cleanUp() async {
        for process in processes.reversed() where process.isRunning {
            _ = try? await process.stop()
        }
        processes = []
        for note in serviceNotes {
            guard let identity = noted(in: note),
                let left = POSIXProcesses().adopt(identity, traces: ApplicationTraces(lockFile: nil))
            else { continue }
            left.kill()
            _ = try? await left.wait()
        }
        if isTemporary { try? fileSystem.removeTree(folder) }
    }

    func remember(serviceNote: FilePath) {
        serviceNotes.insert(serviceNote)
    }

    /// The identity that an agent wrote down for the application it started.
    private func noted(in file: FilePath) -> ProcessIdentity? {
        guard let bytes = try? fileSystem.read(file, limit: 1 << 16),
            let root = try? JSONSerialization.jsonObject(with: Data(bytes))
        else { return nil }
        return Stage.identity(in: root)
    }

    private static func identity(in value: Any) -> ProcessIdentity? {
        guard let object = value as? [String: Any] else { return nil }
        if object["pid"] != nil, let data = try? JSONSerialization.data(withJSONObject: object),
            let identity = try? JSONDecoder().decode(ProcessIdentity.self, from: data)
        {
            return identity
        }
        return object.values.lazy.compactMap { identity(in: $0) }.first
    }

    /// What a program needs of this process's environment, and nothing that would change what it does.
    private static func environment(_ own: [String: String]) -> [String: String] {
        let wanted = ["PATH", "HOME", "TMPDIR", "LD_LIBRARY_PATH", "TZ", "SWIFT_BACKTRACE"]
        var environment = ProcessInfo.processInfo.environment.filter { wanted.contains($0.key) }
        environment["LANG"] = "C.UTF-8"
        return environment.merging(own) { _, own in own }
    }
}
