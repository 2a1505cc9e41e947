// SPDX-License-Identifier: Apache-2.0
import AgentAPI
import Foundation
import Logging
import Platform

/// Everyone who is connected to one installation, what they are told, and whether new people are let in.
///
/// Workstations and the application server hold event streams; the update runner drives it through warning, closing
/// and offering. State that a reader missed is told again when it reconnects, so that no stream needs to be reliable.
actor SessionRegistry {
    /// Seconds without a sign of life after which a session has left.
    static let silenceLimit: TimeInterval = 60
    static let largestCount = 20_000

    nonisolated let installation: String
    /// The name that people know the product by.
    nonisolated let productName: String
    private let store: SessionStore
    let clock: any WallClock
    private let logger: Logger

    struct Member {
        var session: Session
        var ticketHash: String
        var readers: [Int: EventChannel] = [:]
        /// Notices this session may still have to be told, oldest first.
        var notices: [Notice] = []
    }

    var members: [String: Member] = [:]
    private var byTicket: [String: String] = [:]
    private var applications: [Int: EventChannel] = [:]
    var lastReader = 0
    private var lastApplicationEvent = 0
    /// The highest number that a notice has had, as far as this process knows.
    private var lastNotice = 0
    private var lastSilenceCheck: Date?
    var loginsAccepted = true
    /// What is announced; `nil` when nothing is.
    var warning: Warning?
    var offeredVersion: String?
    var sessionCounts = SessionCounts()
    /// Everyone warned who was not ready yet when last looked at.
    var warned: Set<String> = []
    var ready: Set<String> = []
    var watchers: [Int: AsyncStream<Void>.Continuation] = [:]

    struct Warning: Sendable {
        var deadline: Date
        var from: String
        var to: String
    }

    init(
        installation: String, productName: String, store: SessionStore, clock: any WallClock, logger: Logger
    ) {
        self.installation = installation
        self.productName = productName
        self.store = store
        self.clock = clock
        self.logger = logger
    }

    /// Takes over the sessions that an earlier agent knew. Everybody gets the time of a silence to show up again.
    ///
    /// - Parameter keepingReady: whether the warning that people answered with "ready" still goes on. Else what they
    ///   said belongs to an update that is over, and the next one must warn them.
    func restore(keepingReady: Bool = false) async throws {
        lastNotice = max(lastNotice, try await store.lastNotice())
        for stored in try await store.load() where members[stored.session.id] == nil {
            var member = Member(session: stored.session, ticketHash: stored.ticketHash)
            member.session.lastSeenAt = clock.now
            // A warning that was going on is told anew by whoever takes the run up again.
            if !(keepingReady && member.session.state == .ready) { member.session.state = .open }
            members[member.session.id] = member
            byTicket[member.ticketHash] = member.session.id
            if stored.session.state != member.session.state { await keep(member.session.id) }
        }
    }

    // MARK: Sessions

    var sessions: [Session] { members.values.map(\.session).sorted { ($0.openedAt, $0.id) < ($1.openedAt, $1.id) } }

    var count: Int { members.count }

    func session(_ id: String) -> Session? { members[id]?.session }

    /// The session that a ticket belongs to. Whoever presents it is there: nothing else counts as a sign of life, since
    /// what is written to a workstation that was switched off seems to arrive for many minutes.
    func session(ticket: String) -> String? {
        guard let id = byTicket[Secret.hash(ticket)] else { return nil }
        members[id]?.session.lastSeenAt = clock.now
        return id
    }

    func open(_ request: SessionRequest) async throws -> (session: Session, ticket: String) {
        guard loginsAccepted else { throw Refusal(.loginsRefused, 503) }
        guard members.count < Self.largestCount else { throw Refusal.tooManyAttempts(seconds: 60) }
        let ticket = Secret.token()
        let session = Session(
            id: Secret.identifier(), person: request.person, workstation: request.workstation,
            language: request.language, clientVersion: request.clientVersion, state: .open, openedAt: clock.now,
            lastSeenAt: clock.now)
        let member = Member(session: session, ticketHash: Secret.hash(ticket))
        members[session.id] = member
        byTicket[member.ticketHash] = session.id
        try await save(session.id)
        guard loginsAccepted else {
            // The update's warning came while this was being written: nobody may slip in unwarned.
            await end(session.id)
            throw Refusal(.loginsRefused, 503)
        }
        await greet(session.id)
        return (session, ticket)
    }

    /// Ends a session; one that is unknown has ended already.
    func end(_ id: String) async {
        guard let member = members.removeValue(forKey: id) else { return }
        byTicket[member.ticketHash] = nil
        if warned.contains(id), member.session.state != .closing { ready.insert(id) }
        for reader in member.readers.values { reader.finish() }
        changed()
        do {
            try await store.remove(id)
        } catch {
            logger.error("a session's end could not be stored", metadata: ["reason": "\(error)"])
        }
    }

    /// The person does not mind being closed.
    func ready(_ id: String) async throws -> Session {
        guard var member = members[id] else { throw Refusal.sessionUnknown }
        member.session.lastSeenAt = clock.now
        if member.session.state == .warned {
            member.session.state = .ready
            ready.insert(id)
        }
        members[id] = member
        changed()
        try await save(id)
        return member.session
    }

    /// Writes a session as it is now, and again when it has changed meanwhile: the last word must be the one that lasts.
    private func save(_ id: String) async throws {
        while let member = members[id] {
            try await store.save(member.session, ticketHash: member.ticketHash)
            guard let now = members[id] else { return try await store.remove(id) }
            if now.session.state == member.session.state { return }
        }
    }

    /// As ``save(_:)`` where a full disk must not stop what is going on.
    func keep(_ id: String) async {
        do {
            try await save(id)
        } catch {
            logger.error("a session's state could not be stored", metadata: ["reason": "\(error)"])
        }
    }

    /// Ends the sessions that gave no sign of life: a workstation that was switched off must not hold up an update,
    /// whether or not its stream seems to be open.
    func endSilentSessions() async {
        let now = clock.now
        defer { lastSilenceCheck = now }
        // An agent whose machine slept, or whose clock was put forward, has heard nobody: that is not their silence.
        if let last = lastSilenceCheck, now.timeIntervalSince(last) > Self.silenceLimit / 2 {
            for id in members.keys { members[id]?.session.lastSeenAt = now }
        }
        let limit = now.addingTimeInterval(-Self.silenceLimit)
        for member in members.values where member.session.lastSeenAt < limit {
            logger.info("session ended after silence", metadata: ["session": "\(member.session.id)"])
            await end(member.session.id)
        }
    }

    // MARK: Streams

    /// A workstation's notices: what it missed first, then whatever comes.
    func notices(for id: String, after lastID: Int?) throws -> EventChannel {
        guard var member = members[id] else { throw Refusal.sessionUnknown }
        let channel = EventChannel()
        lastReader += 1
        let reader = lastReader
        member.readers[reader] = channel
        member.session.lastSeenAt = clock.now
        members[id] = member
        for notice in member.notices where notice.id > (lastID ?? 0) {
            send(upToDate(notice, member.session.language), to: channel)
        }
        channel.onEnd { Task { await self.left(id, reader) } }
        return channel
    }

    /// How many streams a session has open.
    func readerCount(_ id: String) -> Int { members[id]?.readers.count ?? 0 }

    private func left(_ id: String, _ reader: Int) { members[id]?.readers[reader] = nil }

    /// An application server's events: whether logins are accepted, then which sessions to close.
    func applicationEvents() -> EventChannel {
        let channel = EventChannel()
        lastReader += 1
        let reader = lastReader
        applications[reader] = channel
        channel.onEnd { Task { await self.applicationLeft(reader) } }
        send(applicationEvent(.logins, accepted: loginsAccepted), to: channel)
        for member in members.values where member.session.state == .closing {
            send(applicationEvent(.closeSession, session: member.session.id), to: channel)
        }
        return channel
    }

    private func applicationLeft(_ reader: Int) { applications[reader] = nil }

    func applicationEvent(
        _ kind: ApplicationEventKind, accepted: Bool? = nil, session: String? = nil
    ) -> ApplicationEvent {
        lastApplicationEvent += 1
        return ApplicationEvent(id: lastApplicationEvent, kind: kind, accepted: accepted, session: session)
    }

    private func send(_ event: ApplicationEvent, to channel: EventChannel) {
        guard let event = try? ServerSentEvent.json(event, name: "application", id: event.id) else { return }
        channel.send(event)
    }

    private func send(_ notice: Notice, to channel: EventChannel) {
        guard let event = try? ServerSentEvent.json(notice, name: "notice", id: notice.id) else { return }
        channel.send(event)
    }

    func tellApplications(_ event: ApplicationEvent) {
        for channel in applications.values { send(event, to: channel) }
    }

    /// A countdown told again tells what is left now.
    private func upToDate(_ notice: Notice, _ language: Language) -> Notice {
        guard let deadline = notice.deadline else { return notice }
        var notice = notice
        let left = max(0, Int(deadline.timeIntervalSince(clock.now).rounded()))
        notice.secondsLeft = left
        notice.text = Catalogue.notice(
            notice.kind, product: productName, from: notice.fromVersion, to: notice.toVersion, secondsLeft: left,
            language: language)
        return notice
    }

    func notify(_ ids: some Sequence<String>, _ kind: NoticeKind, from: String?, to: String?) async {
        let number = await nextNotice()
        let deadline = kind == .warning ? warning?.deadline : nil
        let left = deadline.map { max(0, Int($0.timeIntervalSince(clock.now).rounded())) }
        for id in ids {
            guard var member = members[id] else { continue }
            let notice = Notice(
                id: number, kind: kind,
                text: Catalogue.notice(
                    kind, product: productName, from: from, to: to, secondsLeft: left,
                    language: member.session.language),
                fromVersion: from, toVersion: to, deadline: deadline, secondsLeft: left)
            // A newer word about the same update replaces what it makes untrue.
            member.notices = member.notices.filter { $0.kind == .clientOffered && kind != .clientOffered } + [notice]
            members[id] = member
            for reader in member.readers.values { send(notice, to: reader) }
        }
    }

    /// People are told even when the disk is full: the number then lasts only as long as this process, and the next one
    /// that can be written is higher.
    private func nextNotice() async -> Int {
        var number = lastNotice + 1
        do {
            number = try await store.nextNotice(after: lastNotice)
        } catch {
            logger.error("a notice's number could not be stored", metadata: ["reason": "\(error)"])
        }
        // Another notice may have been numbered meanwhile.
        lastNotice = max(number, lastNotice + 1)
        return lastNotice
    }

    func changed() {
        for watcher in watchers.values { watcher.yield() }
    }
}
