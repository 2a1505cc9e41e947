// SPDX-License-Identifier: Apache-2.0
import AgentAPI
import Foundation
import NIOHTTP1
import OfficeMaker
import RicambioClient

/// What a person can type.
extension Workplace {
    func obey(_ line: String) async {
        let words = line.split(separator: " ").map(String.init)
        guard let command = words.first, !command.hasPrefix("#") else { return }
        do throws(OfficeError) {
            try await obey(command, Array(words.dropFirst()), line)
        } catch {
            refused(error.sentence)
        }
    }

    private func obey(_ command: String, _ words: [String], _ line: String) async throws(OfficeError) {
        switch (command, words.count) {
        case ("help", _): screen.say(ClientText.help)
        case ("list", 1):
            for record in try await call(.GET, "records/\(words[0])", as: [OfficeRecord].self) { show(record) }
        case ("add", 2...):
            show(try await call(.POST, "records/\(words[0])", fields(words[0], line, after: 2), as: OfficeRecord.self))
        case ("change", 3...):
            let path = "records/\(words[0])/\(words[1])"
            show(try await call(.PUT, path, fields(words[0], line, after: 3), as: OfficeRecord.self))
        case ("remove", 2): try await office.call(.DELETE, "records/\(words[0])/\(words[1])", token: welcome?.token)
        case ("backup", 0): screen.say(try await call(.POST, "backup", as: OfficeBackup.self).file)
        case ("preferences", 0): show(try await call(.GET, "preferences", as: [String: String].self))
        case ("set", 2...):
            let change = [words[0]: words.dropFirst().joined(separator: " ")]
            show(try await call(.PUT, "preferences", change, as: [String: String].self))
        case ("ready", 0), ("pronto", 0), ("prêt", 0), ("bereit", 0): await sayReady()
        case ("update", 0): await updateClient()
        case ("order-update", _): await orderUpdate(words)
        case ("wait", 1):
            guard let name = ClientEvent.Name(rawValue: words[0]) else { return unknown(line) }
            waitingFor = name
        case ("quit", 0): isLeaving = true
        default: unknown(line)
        }
    }

    private func unknown(_ line: String) {
        refused(ClientText.unknownCommand.filled(["command": line], language: settings.language))
    }

    private func call<Answer: Decodable>(
        _ method: HTTPMethod, _ path: String, _ body: (any Encodable & Sendable)? = nil, as type: Answer.Type
    ) async throws(OfficeError) -> Answer {
        try await office.call(method, path, token: welcome?.token, body)
    }

    /// `name=value` words; a value goes on to the next word with a `=`, so it may have blanks.
    private func fields(_ kind: String, _ line: String, after count: Int) -> OfficeRecord {
        let known = welcome?.edition.kind(named: kind)?.fields ?? []
        var values: [(name: String, text: String)] = []
        for word in line.split(separator: " ").dropFirst(count) {
            if let equals = word.firstIndex(of: "=") {
                values.append((String(word[..<equals]), String(word[word.index(after: equals)...])))
            } else if !values.isEmpty {
                values[values.count - 1].text += " \(word)"
            }
        }
        return values.reduce(into: [:]) { record, value in
            let isNumber = known.first { $0.name == value.name }?.content == .number
            record[value.name] =
                isNumber ? Int64(value.text).map { .number($0) } ?? .text(value.text) : .text(value.text)
        }
    }

    private func show(_ record: OfficeRecord) {
        let others = record.filter { $0.key != "id" }.sorted { $0.key < $1.key }
        let fields = others.map { "\($0.key)=\($0.value)" }.joined(separator: "  ")
        screen.say("\(record["id"] ?? .none)  \(fields)")
    }

    private func show(_ settings: [String: String]) {
        for (name, value) in settings.sorted(by: { $0.key < $1.key }) { screen.say("\(name): \(value)") }
    }

    // MARK: - The update of the server, ordered from a workstation

    private func orderUpdate(_ words: [String]) async {
        guard let welcome, let ticket = welcome.session else { return refused(said(ClientText.noAgent)) }
        guard welcome.isAdministrator else { return refused(said(ClientText.administratorOnly)) }
        guard let order = Self.order(words, settings.language) else {
            return unknown("order-update \(words.joined(separator: " "))")
        }
        guard let file = settings.agentPasswordFile, let password = try? OMClient.lines(file).first else {
            return refused(said(ClientText.agentPasswordMissing))
        }
        do throws(ClientError) {
            let connection = try await AgentConnection(
                url: ticket.agentURL, trust: AgentTrust(fingerprint: ticket.fingerprint))
            let result = await place(order, connection, password, ticket)
            await connection.shutdown()
            let run = try result.get()
            record(.ordered, run: run.id)
            screen.say(.updateOrdered, ["id": run.id])
        } catch {
            refused(error.reason)
        }
    }

    /// The installation is the one that this person's own session belongs to.
    private func place(
        _ order: UpdateOrder, _ connection: AgentConnection, _ password: String, _ ticket: SessionTicket
    ) async -> Result<UpdateRun, ClientError> {
        do throws(ClientError) {
            let agent = Administration(connection)
            let administration = agent.loggedIn(try await agent.login(user: settings.agentUser, password: password))
            for installation in try await administration.installations() {
                let sessions = try await administration.sessions(of: installation.id)
                guard sessions.contains(where: { $0.id == ticket.session }) else { continue }
                let run = try await administration.order(order, for: installation.id)
                try? await administration.logout()
                return .success(run)
            }
            return .failure(ClientError(.notFound, said(ClientText.noAgent)))
        } catch {
            return .failure(error)
        }
    }

    private func said(_ text: LocalizedText) -> String { text[settings.language] }

    static func order(_ words: [String], _ language: Language) -> UpdateOrder? {
        var order = UpdateOrder(language: language)
        var rest = words[...]
        while let option = rest.popFirst() {
            guard let value = rest.popFirst() else { return nil }
            switch option {
            case "--version": order.version = value
            case "--email": order.email.append(value)
            case "--grace":
                guard let seconds = Int(value), UpdateOrder.allowedGraceSeconds.contains(seconds) else { return nil }
                order.graceSeconds = seconds
            default: return nil
            }
        }
        return order
    }
}
