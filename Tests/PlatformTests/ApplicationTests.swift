// SPDX-License-Identifier: Apache-2.0
import Glibc
import SystemPackage
import TestSupport
import Testing

@testable import Platform

/// Everything of an application, with real processes that try to get away.
@Suite struct ApplicationTests {
    let processes = POSIXProcesses()
    let folder: TemporaryFolder
    let traces: ApplicationTraces

    init() throws {
        folder = try TemporaryFolder()
        traces = ApplicationTraces(
            lockFile: folder.path.appending("lock"), mark: ApplicationTraces.randomMark())
    }

    private func launch(_ script: String) throws -> any ProcessHandle {
        try processes.launch(
            Launch(
                ["/bin/sh", "-c", script], environment: ["PATH": "/usr/bin:/bin"], workingDirectory: folder.path,
                outputFile: folder.path.appending("log"), traces: traces))
    }

    /// A number that the script wrote into a file, once it is there.
    private func pid(in name: String) async throws -> Int32 {
        var found: Int32?
        _ = try await eventually {
            let bytes = (try? POSIXFileSystem().read(folder.path.appending(name), limit: 100)) ?? []
            guard bytes.last == UInt8(ascii: "\n") else { return false }
            found = Int32(String(decoding: bytes.dropLast(), as: UTF8.self))
            return found != nil
        }
        return try #require(found)
    }

    private func endAll(_ handle: any ProcessHandle) async throws {
        #expect(try await eventually { handle.kill().isEmpty && !handle.isRunning })
    }

    @Test("A mark is 128 random bits")
    func mark() {
        #expect(ApplicationTraces.randomMark().utf8.count == 32)
        #expect(ApplicationTraces.randomMark() != ApplicationTraces.randomMark())
    }

    @Test("A worker in a session of its own that closed the lock is known by its mark")
    func worker() async throws {
        let handle = try launch("setsid sh -c 'echo $$ > worker; exec sleep 300' 3>&- & wait")
        let worker = try await pid(in: "worker")
        #expect(try await eventually { handle.members().map(\.name) == ["sh", "sleep"] }, "the earliest first")
        let found = try #require(handle.members().last)
        #expect(found.identity.pid == worker && found.leadsSession)
        try await endAll(handle)
        #expect(try isGone(worker))
    }

    @Test("One that forks twice, clears its environment, closes the lock and leaves the session is found as an orphan")
    func doubleFork() async throws {
        try folder.write("daemon.sh", "echo $$ > daemon; exec sleep 300\n")
        try folder.write("fork.sh", "setsid sh daemon.sh &\nexit 0\n")
        let handle = try launch("env -i PATH=$PATH setsid sh fork.sh 3>&-; exec sleep 300")
        let daemon = try await pid(in: "daemon")
        #expect(
            try await eventually {
                handle.members().map(\.identity.pid).sorted() == [handle.identity.pid, daemon].sorted()
            })
        #expect(processMark(daemon) == nil)
        handle.kill()
        #expect(try await handle.wait() == .killed(signal: 9))
        try await endAll(handle)
        #expect(try isGone(daemon))
    }

    @Test("An application's orphans leave no zombies, and a child's status still goes to whom it belongs")
    func zombies() async throws {
        let handle = try launch(
            "for n in 1 2 3 4 5; do (sh -c 'echo $$ > orphan'$n &) ; done; sleep 300 & wait; exit 3")
        var orphans: [Int32] = []
        for number in 1...5 { orphans.append(try await pid(in: "orphan\(number)")) }
        #expect(try await eventually { orphans.allSatisfy { processEntry($0) == nil } })
        let runner = POSIXCommandRunner()
        for status in 0..<20 {
            let command = Command(["/bin/sh", "-c", "(true &); exit \(status)"], environment: ["PATH": "/bin"])
            #expect(try await runner.run(command).end == .exited(Int32(status)))
        }
        let sleeper = try #require(handle.members().first { $0.name == "sleep" })
        signal(ProcessEntry(pid: sleeper.identity.pid, startTime: sleeper.identity.startTime, parent: 0, session: 0), 9)
        #expect(try await handle.wait() == .exited(3))
    }

    @Test("A daemon that a command starts is not of the application")
    func commandsDaemon() async throws {
        let handle = try launch("exec sleep 300")
        let script = "setsid sh -c 'echo $$ > database; exec sleep 300' >/dev/null 2>&1 & exit 0"
        let command = Command(
            ["/bin/sh", "-c", script], environment: ["PATH": "/usr/bin:/bin"], workingDirectory: folder.path)
        #expect(try await POSIXCommandRunner().run(command).succeeded)
        let database = try await pid(in: "database")
        let entry = try #require(processEntry(database))
        #expect(handle.members().map(\.identity) == [handle.identity])
        try await endAll(handle)
        #expect(try !isGone(database))
        signal(entry, 9)
        #expect(try await eventually { processEntry(database) == nil })
    }

    @Test("Another application's processes are untouched, in the same folder too")
    func anotherApplication() async throws {
        let handle = try launch("setsid sleep 300 & exec sleep 300")
        let other = try processes.launch(
            Launch(
                ["/bin/sh", "-c", "setsid sh -c 'echo $$ > other; exec sleep 300' & exec sleep 300"],
                environment: ["PATH": "/usr/bin:/bin"], workingDirectory: folder.path,
                outputFile: folder.path.appending("log"),
                traces: ApplicationTraces(lockFile: folder.path.appending("lock2"), mark: "other")))
        let worker = try await pid(in: "other")
        #expect(try await eventually { handle.members().count == 2 })
        try await endAll(handle)
        #expect(other.isRunning)
        #expect(try !isGone(worker))
        try await endAll(other)
    }

    @Test("Who only has the lock file open, as a back-up has, does not hold it")
    func reader() async throws {
        let reader = try processes.launch(
            Launch(
                ["/bin/sh", "-c", ": > lock; exec 5< lock; echo ready; exec sleep 300"],
                environment: ["PATH": "/usr/bin:/bin"], workingDirectory: folder.path,
                outputFile: folder.path.appending("log")))
        let handle = try launch("exec sleep 300")
        #expect(try await eventually { processDescriptors(reader.identity.pid).contains("5") })
        #expect(
            processes.members(traces: ApplicationTraces(lockFile: traces.lockFile)).map(\.identity) == [handle.identity]
        )
        try await endAll(handle)
        #expect(!processes.isHeld(try #require(traces.lockFile)))
        try await endAll(reader)
    }

    @Test("Each process is asked once, so that a second request does not cut its end short")
    func askedOnce() async throws {
        let handle = try launch("trap 'echo asked >> asked' TERM; echo $$ > ready; while :; do sleep 0.01; done")
        _ = try await pid(in: "ready")
        for _ in 0..<3 { handle.terminate() }
        let asked = folder.path.appending("asked")
        #expect(try await eventually { try POSIXFileSystem().attributes(of: asked)?.size == 6 })
        for _ in 0..<3 { handle.terminate() }
        // A signal is delivered before its process does anything more; the shell's next child is more.
        let before = handle.members().map(\.identity)
        #expect(try await eventually { Set(handle.members().map(\.identity)) != Set(before) })
        #expect(try POSIXFileSystem().attributes(of: asked)?.size == 6)
        try await endAll(handle)
    }

    @Test("Who listens on a port is named")
    func listeners() async throws {
        let listener = try ListeningSocket()
        #expect(processes.listeners(port: listener.port).map(\.identity.pid) == [getpid()])
        listener.close()
        #expect(processes.listeners(port: listener.port).isEmpty)
    }

    @Test("Only a socket that listens on that very port counts")
    func socketTable() {
        let table = """
              sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
               0: 00000000:1F90 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 4001 1 0 100 0 0 10 0
               1: 0100007F:1F90 0100007F:9999 01 00000000:00000000 00:00000000 00000000     0        0 4002 1 0 20 4 30 10 -1
               2: 0100007F:1F91 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 4003 1 0 100 0 0 10 0
               3: 00000000000000000000000001000000:1F90 00000000000000000000000000000000:0000 0A 0:0 0:0 0 0 0 4004 1 0
               4: broken
            """
        #expect(listeningSockets(in: Array(table.utf8), port: 8080) == [4001, 4004])
    }
}

private struct ListeningSocket {
    let port: UInt16
    private let descriptor: Int32

    init() throws {
        descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = in_addr_t(0x7f00_0001).bigEndian
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let descriptor = descriptor
        let result = withUnsafeMutablePointer(to: &address) { address in
            address.withMemoryRebound(to: sockaddr.self, capacity: 1) { address in
                bind(descriptor, address, length) == 0 && listen(descriptor, 8) == 0
                    && getsockname(descriptor, address, &length) == 0
            }
        }
        guard result else { throw FileError(errno: errno, operation: "listen on", path: "127.0.0.1") }
        port = UInt16(bigEndian: address.sin_port)
    }

    func close() { _ = Glibc.close(descriptor) }
}
