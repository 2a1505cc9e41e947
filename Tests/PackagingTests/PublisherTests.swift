// SPDX-License-Identifier: Apache-2.0
import Packaging
import Platform
import SystemPackage
import TestSupport
import Testing

@testable import ricambio_repo

@Suite struct PublisherTests {
    private let folder: TemporaryFolder
    private let repository: VendorRepository
    private let source: FilePath

    init() throws {
        folder = try TemporaryFolder()
        repository = try VendorRepository(in: folder)
        source = try makeApplication(in: folder)
    }

    private func refusal(_ body: () throws -> Void) -> VendorError.Code? {
        do {
            try body()
            return nil
        } catch {
            let error = VendorError(wrapping: error)
            #expect(error?.sentence.isEmpty == false)
            return error?.code
        }
    }

    @Test("A published release is read, fetched and staged by a customer who knows only the root")
    func publishAndInstall() async throws {
        try repository.publish("1.0", source)
        let server = FolderFetcher(repository.folder.appending("public"))
        let reader = try repository.reader(server)
        try await reader.refresh()
        let channel = try await reader.channelDocument()
        #expect(channel.current == "1.0" && channel.releases == ["1.0"])
        let release = try await reader.release(channel.current)
        let tree = try await reader.tree(release, component: "server", platform: "linux-x86_64")
        try await reader.fetchPack(tree.pack, to: folder / "download", fileSystem: files)
        try Stager(fileSystem: files).stage(tree, pack: folder / "download", into: folder / "staged")
        #expect(
            try pack(folder / "staged", in: folder).tree.entries == pack(source, in: folder, named: "p2").tree.entries)
        // The root probe, four of metadata, channel, release, tree, pack.
        #expect(server.paths.count <= 9, "\(server.paths)")
    }

    @Test("A repository in which nothing is released expires, and a refresh makes readers trust it again")
    func refresh() async throws {
        try repository.publish("1.0", source)
        repository.clock.advance(by: 8 * 86_400)
        await #expect { try await repository.reader().refresh() } throws: { error in
            guard case .untrusted(let reason) = (error as? PackagingError)?.code else { return false }
            return reason.code == .expired
        }
        let expiries = try RefreshCommand.refresh(
            VendorFolder(path: repository.folder, fileSystem: files), clock: repository.clock)
        #expect(expiries.first?.role == "timestamp")
        let reader = try repository.reader()
        try await reader.refresh()
        #expect(try await reader.channelDocument().current == "1.0")
    }

    @Test("A second release becomes the current one, an older one does not")
    func current() async throws {
        try repository.publish("1.0", source)
        try folder.write("app/VERSION", "2.0\n")
        try repository.publish("2.0", source)
        try folder.write("app/VERSION", "1.1\n")
        try repository.publish("1.1", source)
        let reader = try repository.reader()
        try await reader.refresh()
        let channel = try await reader.channelDocument()
        #expect(channel.current == "2.0")
        #expect(channel.releases == ["2.0", "1.1", "1.0"])
        #expect(try await reader.release("1.1").version == "1.1")
        #expect(await failure { _ = try await reader.release("3.0") } == "notFound")
        let release = try await reader.release("1.0")
        #expect(
            await failure { _ = try await reader.tree(release, component: "client", platform: "linux-x86_64") }
                == "notFound")
    }

    @Test("What the release engineer says of a release is what a customer reads")
    func facts() async throws {
        var request = VendorRepository.request("2.0", source)
        request.parts.append(.init(component: .client, platform: "linux-x86_64", folder: source))
        request.channel = "beta"
        request.notes = ["it": "Novità", "en": "News"]
        request.severity = .critical
        request.migratesData = true
        request.minimumFrom = "1.0"
        request.rollout = 25
        try #expect(repository.publisher().publish(request).count == 2)
        let reader = try repository.reader(channel: "beta")
        try await reader.refresh()
        let release = try await reader.release("2.0")
        #expect(release.notes == request.notes && release.severity == .critical && release.migratesData)
        #expect(release.requirements.fromVersion == "1.0" && release.date == repository.clock.now)
        #expect(try await reader.channelDocument().rollout.percentage == 25)
        let other = try repository.reader()
        try await other.refresh()
        #expect(await failure { _ = try await other.channelDocument() } == "notFound")

        let shown = try Catalog(VendorFolder(path: repository.folder, fileSystem: files), clock: repository.clock)
            .release("om-business", "2.0")
        #expect(shown.channels == ["beta"])
        #expect(shown.components.map(\.component) == ["server", "client"])
        #expect(
            shown.components.allSatisfy {
                $0.files == 5 && $0.frames == 1 && $0.deltas.isEmpty && $0.fullPackBytes > 30_000
            })
        #expect(ShowCommand.text(shown).contains("server linux-x86_64: 5 files"))
    }

    @Test(
        "A version that exists is refused, in any spelling, and nothing changes",
        arguments: ["1.0", "1", "1.0.0", "01.0"])
    func existing(version: String) throws {
        try repository.publish("1.0", source)
        let before = try listing()
        try folder.write("app/VERSION", "other\n")
        #expect(refusal { try repository.publish(version, source) } == .exists)
        #expect(try listing() == before)
    }

    @Test("A folder with a path or symlink that escapes is refused, and nothing is published")
    func escaping() async throws {
        try repository.publish("1.0", source)
        let before = try listing()
        try folder.link("app/escape", to: "../../etc/passwd")
        #expect(refusal { try repository.publish("2.0", source) } == .refused)
        #expect(try listing() == before)
    }

    @Test("A folder that contains the repository is refused: it would publish the private keys")
    func keysInside() throws {
        #expect(refusal { try repository.publish("1.0", folder.path) } == .refused)
        #expect(refusal { try repository.publish("1.0", repository.folder.appending("keys")) } == .refused)
        try folder.link("elsewhere", to: "repository")
        #expect(refusal { try repository.publish("1.0", (folder / "elsewhere").appending("keys")) } == .refused)
    }

    @Test("Names that cannot be parts of a repository are refused")
    func names() throws {
        let good = VendorRepository.request("1.0", source)
        let changes: [(inout PublishRequest) -> Void] = [
            { $0.product = "../x" }, { $0.product = "targets" }, { $0.product = "OM" }, { $0.product = "" },
            { $0.version = "../1" }, { $0.version = "one" }, { $0.channel = "a/b" }, { $0.parts = [] },
            { $0.parts += $0.parts }, { $0.parts[0].platform = "x/y" }, { $0.minimumFrom = "x" }, { $0.rollout = 101 },
            { $0.rollout = -1 },
        ]
        for change in changes {
            var request = good
            change(&request)
            #expect(refusal { _ = try repository.publisher().publish(request) } == .usage, "\(request)")
        }
        #expect(refusal { _ = try repository.publisher().publish(good) } == nil)
    }

    @Test("No folder, no repository and a repository that is there are told apart")
    func missing() throws {
        #expect(refusal { try repository.publish("1.0", folder / "absent") } == .notFound)
        let nothing = VendorRepository(existing: folder / "nothing")
        #expect(refusal { try nothing.publish("1.0", source) } == .notFound)
        #expect(
            refusal { _ = try InitCommand.create(repository.folder, clock: repository.clock, fileSystem: files) }
                == .exists)
        #expect(
            refusal {
                _ = try InitCommand.create(source.appending("VERSION"), clock: repository.clock, fileSystem: files)
            }
                == .exists)
    }

    @Test("Two publishers at the same time: the second is refused and says why")
    func busy() throws {
        let lock = try #require(try files.lock(repository.folder.appending("repository.lock")))
        #expect(refusal { try repository.publish("1.0", source) } == .busy)
        lock.release()
        try repository.publish("1.0", source)
    }

    @Test("A target that was tampered with in the vendor's own folder is noticed, not signed again")
    func damaged() throws {
        try repository.publish("1.0", source)
        let channels = repository.folder.appending("public/targets/om-business/channels")
        let name = try #require(try files.entries(of: channels).first)
        try files.replace(channels.appending(name), with: Array("{}".utf8), permissions: 0o644)
        #expect(refusal { try repository.publish("2.0", source) } == .damaged)
    }

    @Test("A publisher killed at any point leaves a repository that readers can use, and the next run goes on")
    func killed() async throws {
        try repository.publish("1.0", source)
        try folder.write("app/VERSION", "2.0\n")
        var change = 0
        var isDone = false
        while !isDone {
            change += 1
            let copy = VendorRepository(existing: folder / "copy-\(change)")
            try files.copyTree(repository.folder, to: copy.folder)
            let crashing = CrashingFileSystem(files, fault: .crash(at: change))
            do {
                _ = try copy.publisher(crashing).publish(VendorRepository.request("2.0", source))
                isDone = !crashing.hasCrashed
            } catch {
                #expect(crashing.hasCrashed, "\(error)")
            }
            let seen = try await readable(copy)
            if !isDone, seen == "1.0" { try copy.publish("2.0", source) }
            #expect(try await readable(copy) == "2.0")
            let packs = try files.entries(of: copy.folder.appending("public/packs"))
            #expect(packs.allSatisfy { $0.count == 64 }, "\(packs)")
            try files.removeTree(copy.folder)
        }
        #expect(change > 10)
    }

    @Test("A first publisher of a product killed at any point does not spoil the repository")
    func killedFirst() async throws {
        var change = 0
        var isDone = false
        while !isDone {
            change += 1
            let copy = VendorRepository(existing: folder / "copy-\(change)")
            try files.copyTree(repository.folder, to: copy.folder)
            let crashing = CrashingFileSystem(files, fault: .crash(at: change))
            _ = try? copy.publisher(crashing).publish(VendorRepository.request("1.0", source))
            isDone = !crashing.hasCrashed
            if refusal({ try copy.publish("1.0", source) }) == .exists { #expect(isDone || change > 10) }
            #expect(try await readable(copy) == "1.0")
            try files.removeTree(copy.folder)
        }
    }

    /// The current version, after everything that it needs was read and fetched.
    private func readable(_ repository: VendorRepository) async throws -> String {
        let reader = try repository.reader()
        try await reader.refresh()
        let version = try await reader.channelDocument().current
        let release = try await reader.release(version)
        let tree = try await reader.tree(release, component: "server", platform: "linux-x86_64")
        let file = FilePath(repository.folder.string + ".pack")
        try await reader.fetchPack(tree.pack, to: file, fileSystem: files)
        try files.remove(file)
        return version
    }

    private func listing(_ path: FilePath? = nil) throws -> [String] {
        let path = path ?? repository.folder.appending("public")
        return try files.entries(of: path).flatMap { name -> [String] in
            let entry = path.appending(name)
            guard try files.attributes(of: entry)?.kind == .directory else { return [entry.string] }
            return try listing(entry)
        }
    }
}

@Suite struct PublishCommandTests {
    private func request(_ arguments: String...) throws -> PublishRequest {
        try PublishCommand.parse(["DIR", "om-business", "2.0"] + arguments).request(fileSystem: files)
    }

    @Test("The options of publish become the request")
    func options() throws {
        let folder = try TemporaryFolder()
        let notes = try folder.write("it.txt", "Novità")
        let request = try request(
            "--server", "linux-x86_64=a=b", "--server", "linux-aarch64=c", "--client", "linux-x86_64=d",
            "--standalone", "macos-arm64=e", "--notes", "it=\(notes)", "--severity", "high", "--migrates-data",
            "--minimum-from", "1.0", "--rollout", "10", "--level", "3", "--channel", "beta")
        #expect(request.parts.map(\.folder) == ["a=b", "c", "d", "e"])
        #expect(request.parts.map(\.component) == [.server, .server, .client, .standalone])
        #expect(request.notes == ["it": "Novità"] && request.severity == .high && request.migratesData)
        #expect(
            request.minimumFrom == "1.0" && request.rollout == 10 && request.level == 3 && request.channel == "beta")
    }

    @Test(
        "Options that do not say what they should are usage errors",
        arguments: [
            ["--server", "linux-x86_64"], ["--server", "=folder"], ["--server", "linux-x86_64="], ["--notes", "it"],
            ["--notes", "1=/dev/null"],
        ])
    func usage(arguments: [String]) throws {
        let command = try PublishCommand.parse(["DIR", "om-business", "2.0"] + arguments)
        #expect(throws: VendorError.self) { try command.request(fileSystem: files) }
    }

    @Test("Notes that are not UTF-8, or there twice, are refused")
    func notes() throws {
        let folder = try TemporaryFolder()
        let bad = try folder.write("bad.txt", [0xFF, 0xFE])
        let good = try folder.write("good.txt", "x")
        #expect(throws: VendorError.self) { try request("--notes", "it=\(bad)") }
        #expect(throws: VendorError.self) { try request("--notes", "it=\(good)", "--notes", "it=\(good)") }
    }
}
