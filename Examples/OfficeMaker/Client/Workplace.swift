// SPDX-License-Identifier: Apache-2.0
import AgentAPI
import Foundation
import OfficeMaker
import RicambioClient

struct WorkSettings: Sendable {
    var user: String
    var password: String
    var workstation: String
    var language: Language
    /// `nil` means standard input.
    var script: [String]?
    /// Goes on after the last command, until it is ended from outside.
    var staysOpen: Bool
    var saysReady: Bool
    var takesUpdates: Bool
    var retrySeconds: Double
    var agentUser: String
    var agentPasswordFile: String?
}

/// One person's work: what they type, what the server answers, what the agent announces. Things happen one after the
/// other, in the order in which they arrive.
actor Workplace {
    enum Happening: Sendable {
        case line(String)
        case inputEnded
        case notice(Notice, login: Int)
        case sessionEnded(login: Int)
        case tick(warning: Int)
        case stop
    }

    let settings: WorkSettings
    let program: ProgramFolder
    let office: OfficeServer
    let screen: Screen
    let update: ClientUpdate

    var welcome: OfficeWelcome?
    var session: WorkstationSession?
    var offer: ClientOffer?
    private var login = 0
    private var listening: [Task<Void, Never>] = []
    private var warning: (number: Int, ends: ContinuousClock.Instant)?
    private var warnings = 0

    private var pending: [String]
    private var inputEnded: Bool
    var waitingFor: ClientEvent.Name?
    var isLeaving = false
    var hasFailed = false
    private let happenings: AsyncStream<Happening>
    private let continuation: AsyncStream<Happening>.Continuation

    init(settings: WorkSettings, program: ProgramFolder, office: OfficeServer, screen: Screen) {
        self.settings = settings
        self.program = program
        self.office = office
        self.screen = screen
        update = ClientUpdate(folder: program.folder, keep: ["preferences/**"])
        pending = settings.script ?? []
        inputEnded = settings.script != nil
        (happenings, continuation) = AsyncStream.makeStream()
    }

    /// False when a command of the script was refused.
    func result() async -> Result<Bool, any Error> {
        do {
            return .success(try await run())
        } catch {
            await leave()
            return .failure(error)
        }
    }

    private func run() async throws -> Bool {
        record(.started)
        try await startUp()
        try await logInPatiently()
        guard let welcome else { return !hasFailed }
        await confirmStart()
        record(.loggedIn)
        screen.say(.welcome, ["person": welcome.person, "product": welcome.edition.title])
        await checkOffer()
        if settings.script == nil { readInput() }
        try await work()
        await leave()
        record(.ended)
        return !hasFailed
    }

    /// From a signal.
    func stop() {
        isLeaving = true
        continuation.yield(.stop)
    }

    // MARK: - What happens

    private func work() async throws {
        var iterator = happenings.makeAsyncIterator()
        while !isLeaving {
            if waitingFor == nil, !pending.isEmpty {
                await obey(pending.removeFirst())
                continue
            }
            if pending.isEmpty && inputEnded && waitingFor == nil && !settings.staysOpen { return }
            guard let happening = await iterator.next(isolation: self) else { return }
            try await handle(happening)
        }
    }

    private func handle(_ happening: Happening) async throws {
        switch happening {
        case .line(let line): pending.append(line)
        case .inputEnded: inputEnded = true
        case .notice(let notice, let login) where login == self.login: try await take(notice)
        case .sessionEnded(let login) where login == self.login: try await beClosed()
        case .tick(let number) where number == warning?.number: showCountdown()
        case .notice, .sessionEnded, .tick, .stop: break
        }
    }

    private func take(_ notice: Notice) async throws {
        switch notice.kind {
        case .warning:
            let left = notice.secondsLeft ?? Int(notice.deadline?.timeIntervalSinceNow ?? 0)
            screen.say(notice.text)
            record(.warning, secondsLeft: left)
            startCountdown(left)
            if settings.saysReady { await sayReady() } else { screen.say(.sayReady) }
        case .cancelled:
            warning = nil
            screen.say(notice.text)
            record(.cancelled)
        case .closing:
            screen.say(notice.text)
            record(.closing)
            try await beClosed()
        case .clientOffered:
            await checkOffer()
        }
    }

    func sayReady() async {
        guard let session else { return screen.say(ClientText.noAgent) }
        do {
            try await session.ready()
            screen.say(.readySaid)
            record(.ready)
        } catch {
            refused(error.reason)
        }
    }

    private func startCountdown(_ seconds: Int) {
        warnings += 1
        let number = warnings
        warning = (number, .now + .seconds(seconds))
        let continuation = continuation
        Task {
            for _ in 0..<max(0, seconds) {
                try? await Task.sleep(for: .seconds(1))
                continuation.yield(.tick(warning: number))
            }
        }
    }

    private func showCountdown() {
        guard let warning else { return }
        let left = Int(((warning.ends - .now) / .seconds(1)).rounded())
        if left > 0 { screen.countdown(left) }
    }

    // MARK: - Come and go

    /// Logs in; while the server is away or refuses because of an update, tries again.
    private func logInPatiently() async throws {
        let end = ContinuousClock.now + .seconds(settings.retrySeconds)
        var delay = 0.25
        var lastSentence: String?
        while true {
            do throws(OfficeError) {
                return try await logIn()
            } catch {
                guard error.isTransient else { throw ClientFailure(error.sentence) }
                if error.sentence != lastSentence { screen.say(error.sentence) }
                if error.problem?.code == OfficeProblem.loginsRefused, lastSentence != error.sentence {
                    record(.refused)
                }
                lastSentence = error.sentence
            }
            // Ended from outside: not a failure.
            if isLeaving { return }
            guard ContinuousClock.now < end else {
                await confirmStart()
                let time = Catalogue.duration(seconds: Int(settings.retrySeconds), settings.language)
                throw ClientFailure(ClientText.gaveUp.filled(["seconds": time], language: settings.language))
            }
            try await Task.sleep(for: .seconds(delay))
            delay = min(delay * 1.5, 3)
        }
    }

    private func logIn() async throws(OfficeError) {
        let body = OfficeLogin(
            user: settings.user, password: settings.password, workstation: settings.workstation,
            language: settings.language, clientVersion: program.version)
        let welcome = try await office.call(.POST, "login", body, as: OfficeWelcome.self)
        self.welcome = welcome
        login += 1
        guard let ticket = welcome.session else { return }
        let session = WorkstationSession(ticket: ticket)
        self.session = session
        listen(to: session, login)
    }

    private func listen(to session: WorkstationSession, _ login: Int) {
        let (continuation, screen) = (continuation, screen)
        listening = [
            Task {
                do {
                    for try await notice in session.notices() { continuation.yield(.notice(notice, login: login)) }
                    if !Task.isCancelled { continuation.yield(.sessionEnded(login: login)) }
                } catch {
                    // Work goes on; only nobody can warn this person.
                    if !Task.isCancelled { screen.complain("\(error)") }
                }
            },
            Task { await session.heartbeats() },
        ]
    }

    /// The update begins: what is open here is closed, and the person comes back when the server does.
    private func beClosed() async throws {
        warning = nil
        await leave()
        screen.say(.sessionClosed)
        record(.closed)
        try await logInPatiently()
        if isLeaving { return }
        screen.say(.serverBack, ["version": welcome?.version ?? ""])
        record(.reconnected)
        await checkOffer()
    }

    /// Logs out. A server or agent that is gone already is fine.
    func leave() async {
        login += 1
        for task in listening { task.cancel() }
        listening = []
        if let session {
            try? await session.end()
            await session.shutdown()
        }
        if let welcome { try? await office.call(.POST, "logout", token: welcome.token) }
        (session, welcome, offer) = (nil, nil, nil)
    }

    // MARK: - Small things

    private func readInput() {
        let continuation = continuation
        // A thread of its own: reading a terminal blocks.
        Thread.detachNewThread {
            while let line = readLine() { continuation.yield(.line(line)) }
            continuation.yield(.inputEnded)
        }
    }

    func refused(_ sentence: String) {
        hasFailed = hasFailed || settings.script != nil
        screen.say(sentence)
    }

    func record(_ name: ClientEvent.Name, secondsLeft: Int? = nil, run: String? = nil) {
        screen.record(
            ClientEvent(
                event: name, at: Date(), version: program.version, person: settings.user,
                serverVersion: welcome?.version, secondsLeft: secondsLeft, offered: offer?.version, run: run))
        if waitingFor == name { waitingFor = nil }
    }
}
