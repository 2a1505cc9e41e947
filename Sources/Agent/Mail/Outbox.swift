// SPDX-License-Identifier: Apache-2.0
import AgentAPI
import Crypto
import Foundation
import GRDB
import Logging
import Platform
import ServiceLifecycle

/// Mails that have been promised. ``enqueue(run:productName:recipients:from:language:)`` returns once they are in the database;
/// from then on they are sent at least once, however often the agent is ended in between, or given up with a line in the log.
/// A database that takes nothing just then is tried again: until it does, the promise lasts as long as the process.
actor Outbox: Service {
    private let store: OutboxStore
    private let transport: any MailTransport
    private let clock: any WallClock
    private let logger: Logger
    private let policy: RetryPolicy
    private let machine: String?
    private let timeZone: TimeZone

    private var sleeper: Task<Void, any Error>?
    private var isWoken = false
    /// What the database has not taken yet.
    private var unstored: [OutboxStore.Promise] = []

    /// Mails that wait for the database at most.
    static let maximumUnstored = 100

    /// - Parameter machine: the name of this machine, for the text.
    init(
        database: any DatabaseWriter, transport: any MailTransport, clock: any WallClock, logger: Logger,
        policy: RetryPolicy = RetryPolicy(), machine: String? = nil, timeZone: TimeZone = .current
    ) {
        store = OutboxStore(database: database)
        self.transport = transport
        self.clock = clock
        self.logger = logger
        self.policy = policy
        self.machine = machine
        self.timeZone = timeZone
    }

    /// Puts one mail per recipient in, unless the run's mail to that recipient is there already: told twice of the
    /// same run, as after a crash, it still sends one.
    func enqueue(
        run: UpdateRun, productName: String? = nil, recipients: [String], from: String, language: Language
    ) async throws {
        guard let sender = MailAddress(from) else {
            throw MailFailure(.addressInvalid, .permanent, ["address": from])
        }
        var addresses: [MailAddress] = []
        for recipient in recipients {
            if let address = MailAddress(recipient) {
                addresses.append(address)
            } else {
                // One bad address must not keep the others from their mail.
                logger.error("no mail can be sent to an address", metadata: ["address": "\(recipient)"])
            }
        }
        let text = Catalogue.mail(
            run, productName: productName, machine: machine, timeZone: timeZone, language: language)
        let mail = OutboxStore.Promise(
            run: run.id, recipients: addresses, sender: sender, text: text, language: language, createdAt: clock.now)
        do {
            try await store.add(mail)
        } catch {
            guard unstored.count < Self.maximumUnstored else { throw error }
            logger.error("a mail could not be stored", metadata: ["run": "\(run.id)", "reason": "\(error)"])
            unstored.append(mail)
        }
        wake()
    }

    private func storeWhatWaits() async throws {
        while let mail = unstored.first {
            try await store.add(mail)
            unstored.removeFirst()
        }
    }

    func run() async throws {
        await cancelWhenGracefulShutdown {
            while !Task.isCancelled {
                await self.rest(seconds: await self.deliver())
            }
        }
    }

    /// Sends what is due; returns the seconds until something is, or `nil` when nothing waits.
    func deliver() async -> Double? {
        isWoken = false
        do {
            try await storeWhatWaits()
            while !Task.isCancelled, let entry = try await store.next() {
                let wait = entry.nextAttemptAt.timeIntervalSince(clock.now)
                guard wait <= 0 else { return wait }
                guard try await attempt(entry) else { return nil }
            }
            return nil
        } catch {
            logger.error("the outbox cannot be read or written", metadata: ["error": "\(error)"])
            return policy.afterDatabase
        }
    }

    /// `false` when the attempt was broken off because the agent stops.
    private func attempt(_ entry: OutboxEntry) async throws -> Bool {
        do throws(MailFailure) {
            try await transport.send(try message(entry))
        } catch {
            guard error.kind != .stopped else { return false }
            try await note(error, of: entry)
            return true
        }
        try await store.markSent(entry.id)
        logger.info("mail sent", metadata: ["run": "\(entry.run)", "to": "\(entry.recipient)"])
        return true
    }

    private func note(_ failure: MailFailure, of entry: OutboxEntry) async throws {
        let sentences = failure.sentences(.english)
        let next = clock.now.addingTimeInterval(policy.delay(afterAttempt: entry.attempts + 1))
        let isOver = failure.kind == .permanent || next > entry.createdAt.addingTimeInterval(policy.giveUpAfter)
        try await store.markFailed(entry.id, reason: sentences.happened, nextAttemptAt: isOver ? nil : next)
        var metadata: Logger.Metadata = [
            "run": "\(entry.run)", "to": "\(entry.recipient)", "attempt": "\(entry.attempts + 1)",
            "code": "\(sentences.code)", "remedy": "\(sentences.remedy)",
        ]
        guard isOver else {
            metadata["next"] = "\(APIDate.text(next))"
            logger.warning("\(sentences.happened)", metadata: metadata)
            return
        }
        let givenUp = Catalogue.failure(
            .mailGivenUp, ["address": entry.recipient, "reason": sentences.happened], language: .english)
        metadata["subject"] = "\(entry.subject)"
        logger.error("\(givenUp.happened)", metadata: metadata)
    }

    private func message(_ entry: OutboxEntry) throws(MailFailure) -> MailMessage {
        guard let from = MailAddress(entry.sender), let to = MailAddress(entry.recipient) else {
            throw MailFailure(.addressInvalid, .permanent, ["address": entry.recipient])
        }
        let digest = SHA256.hash(data: Data("\(entry.run)\n\(entry.recipient.lowercased())".utf8)).prefix(16)
        return MailMessage(
            from: from, to: to, subject: entry.subject, body: entry.body, date: entry.createdAt,
            identifier: digest.map { String(format: "%02x", $0) }.joined() + ".ricambio@\(from.domain)",
            language: entry.language)
    }

    // MARK: Waiting

    private func wake() {
        isWoken = true
        sleeper?.cancel()
    }

    private func rest(seconds: Double?) async {
        guard !isWoken, !Task.isCancelled else { return }
        let clock = clock
        // Nothing waits: an hour is as good as for ever, since every new mail wakes us.
        let task = Task { try await clock.sleep(seconds: seconds ?? 3600) }
        sleeper = task
        await withTaskCancellationHandler {
            _ = await task.result
        } onCancel: {
            task.cancel()
        }
        sleeper = nil
    }
}

/// When a mail is tried again.
struct RetryPolicy: Sendable {
    /// Seconds before the second attempt; doubled for each further one.
    var first: Double = 15
    /// Seconds between attempts at most.
    var longest: Double = 3600
    /// Seconds after which a database is tried again that could not be read or written.
    var afterDatabase: Double = 60
    /// Seconds after which a mail is given up.
    var giveUpAfter: Double = 5 * 86400
    /// Around 1: agents that lost the same mail server must not all come back in the same second.
    var jitter: @Sendable () -> Double = { Double.random(in: 0.8...1.2) }

    func delay(afterAttempt attempts: Int) -> Double {
        min(longest, first * pow(2, Double(min(attempts, 30) - 1))) * jitter()
    }
}

private enum APIDate {
    static func text(_ date: Date) -> String { date.formatted(.iso8601) }
}
