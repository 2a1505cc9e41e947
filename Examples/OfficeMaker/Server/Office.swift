// SPDX-License-Identifier: Apache-2.0
import AgentAPI
import Foundation
import HTTPTypes
import Hummingbird
import NIOCore
import OfficeMaker
import Platform
import RicambioClient

/// The server's routes.
struct Office: Sendable {
    let edition: Edition
    let folder: OwnFolder
    let database: OfficeDatabase
    let people: People
    let logins: Logins
    let link: ApplicationLink?

    func router() -> Router<BasicRequestContext> {
        let router = Router()
        router.add(middleware: RefusalMiddleware())
        router.get("health") { _, _ in
            try await database.check()
            return try answer(OfficeHealth(status: "ok", version: folder.version, edition: edition))
        }
        router.post("login") { request, _ in try await logIn(request) }
        router.post("logout") { request, _ in
            if let token = request.bearer { await logins.close(token: token) }
            return Response(status: .noContent)
        }
        router.post("backup") { request, _ in
            _ = try await login(of: request)
            let file = try await BlockingWork.run { () throws(any Error) in try folder.backUp(database, at: Date()) }
            return try answer(OfficeBackup(file: file), .created)
        }
        router.get("preferences") { request, _ in
            _ = try await login(of: request)
            return try answer(try folder.settings())
        }
        router.put("preferences") { request, _ in
            guard try await login(of: request).person.isAdministrator else {
                throw OfficeRefusal(code: OfficeProblem.notAllowed, status: 403, text: ServerText.notAllowed)
            }
            let changes = try await request.body([String: String].self)
            let settings = try folder.settings().merging(changes) { $1 }
            try folder.save(settings: settings)
            return try answer(settings)
        }
        addRecords(to: router)
        return router
    }

    private func addRecords(to router: Router<BasicRequestContext>) {
        router.get("records/:kind") { request, context in
            _ = try await login(of: request)
            return try answer(try await database.records(try kind(context)))
        }
        router.post("records/:kind") { request, context in
            let login = try await login(of: request)
            let kind = try kind(context)
            let fields = try check(try await request.body(OfficeRecord.self), kind, isNew: true)
            let saved = try await database.save(fields, id: nil, kind: kind, by: login.person.name)
            return try answer(saved, .created)
        }
        router.put("records/:kind/:id") { request, context in
            let login = try await login(of: request)
            let kind = try kind(context)
            let fields = try check(try await request.body(OfficeRecord.self), kind, isNew: false)
            let saved = try await database.save(fields, id: try id(context), kind: kind, by: login.person.name)
            guard let saved else { throw Self.notFound }
            return try answer(saved)
        }
        router.delete("records/:kind/:id") { request, context in
            let login = try await login(of: request)
            let removed = try await database.remove(id: id(context), kind: kind(context), by: login.person.name)
            guard removed else { throw Self.notFound }
            return Response(status: .noContent)
        }
    }

    // MARK: - Log in

    private func logIn(_ request: Request) async throws -> Response {
        let body = try await request.body(OfficeLogin.self)
        guard await logins.mayTry(body.user) else {
            throw OfficeRefusal(code: OfficeProblem.tooManyAttempts, status: 429, text: ServerText.tooManyAttempts)
        }
        guard let person = try await people.authenticate(body.user, password: body.password) else {
            await logins.failed(body.user)
            throw OfficeRefusal(code: OfficeProblem.wrongPassword, status: 401, text: ServerText.wrongPassword)
        }
        let ticket = try await openSession(for: person, body)
        let login = await logins.open(person, session: ticket?.session)
        return try answer(
            OfficeWelcome(
                token: login.token, person: person.name, isAdministrator: person.isAdministrator, edition: edition,
                version: folder.version, session: ticket), .created)
    }

    /// `nil` without an agent, and while it is away: nobody is kept from work by that.
    private func openSession(for person: Person, _ body: OfficeLogin) async throws -> SessionTicket? {
        guard let link else { return nil }
        let refused = OfficeRefusal(code: OfficeProblem.loginsRefused, status: 503, text: ServerText.loginsRefused)
        guard link.acceptsLogins else { throw refused.speaking(body.language) }
        do throws(ClientError) {
            return try await link.openSession(
                SessionRequest(
                    person: person.name, workstation: body.workstation, language: body.language,
                    clientVersion: body.clientVersion))
        } catch {
            guard error.code != .loginsRefused else { throw refused.speaking(body.language) }
            return nil
        }
    }

    private func login(of request: Request) async throws -> Login {
        guard let token = request.bearer, let login = await logins.login(token: token) else {
            throw OfficeRefusal(code: OfficeProblem.notLoggedIn, status: 401, text: ServerText.notLoggedIn)
        }
        return login
    }

    // MARK: - Records

    private static let notFound = OfficeRefusal(
        code: OfficeProblem.notFound, status: 404, text: ServerText.notFound)

    private func kind(_ context: BasicRequestContext) throws -> RecordKind {
        guard let kind = context.parameters.get("kind").flatMap(edition.kind) else { throw Self.notFound }
        return kind
    }

    private func id(_ context: BasicRequestContext) throws -> Int64 {
        guard let id = context.parameters.get("id").flatMap({ Int64($0) }) else { throw Self.notFound }
        return id
    }

    /// Every field exists in this version, has its kind of value, and a new record has those it needs.
    private func check(_ record: OfficeRecord, _ kind: RecordKind, isNew: Bool) throws -> OfficeRecord {
        let fields = kind.fields(schema: folder.schema)
        for (name, value) in record {
            let field = fields.first { $0.name == name }
            let suits =
                switch (value, field?.content) {
                case (.text, .text), (.number, .number): true
                case (.none, .some): field?.isRequired == false
                default: false
                }
            guard suits else { throw refusal(ServerText.fieldUnknown, name) }
        }
        for field in fields where isNew && field.isRequired && record[field.name] == nil {
            throw refusal(ServerText.fieldMissing, field.name)
        }
        guard !record.isEmpty else { throw refusal(ServerText.fieldMissing, fields.first?.name ?? "") }
        return record
    }

    private func refusal(_ text: LocalizedText, _ field: String) -> OfficeRefusal {
        OfficeRefusal(code: OfficeProblem.invalid, status: 400, text: text, arguments: ["field": field])
    }

    private func answer(_ value: some Encodable, _ status: HTTPResponse.Status = .ok) throws -> Response {
        Response(
            status: status, headers: [.contentType: "application/json"],
            body: .init(byteBuffer: ByteBuffer(bytes: try APIJSON.encode(value))))
    }
}

/// A refusal in the language of the body, which was asked for there and not by a header.
struct SpokenRefusal: Error {
    var refusal: OfficeRefusal
    var language: Language
}

extension OfficeRefusal {
    func speaking(_ language: Language) -> SpokenRefusal { SpokenRefusal(refusal: self, language: language) }
}

/// Every error leaves as a problem in the caller's language.
struct RefusalMiddleware: RouterMiddleware {
    func handle(
        _ request: Request, context: BasicRequestContext,
        next: (Request, BasicRequestContext) async throws -> Response
    ) async throws -> Response {
        let language = request.headers[.acceptLanguage].flatMap { Language(locale: $0) } ?? .english
        do {
            return try await next(request, context)
        } catch let spoken as SpokenRefusal {
            return try response(spoken.refusal.problem(spoken.language))
        } catch let refusal as OfficeRefusal {
            return try response(refusal.problem(language))
        } catch let error as HTTPError {
            let text = error.status == .notFound ? ServerText.notFound : ServerText.invalid
            let code = error.status == .notFound ? OfficeProblem.notFound : OfficeProblem.invalid
            return try response(
                OfficeRefusal(code: code, status: error.status.code, text: text).problem(language))
        } catch {
            context.logger.error("\(request.method) \(request.uri.path): \(error)")
            return try response(
                OfficeRefusal(code: OfficeProblem.unexpected, status: 500, text: ServerText.unexpected).problem(
                    language))
        }
    }

    private func response(_ problem: Problem) throws -> Response {
        Response(
            status: .init(code: problem.status), headers: [.contentType: Problem.mediaType],
            body: .init(byteBuffer: ByteBuffer(bytes: try APIJSON.encode(problem))))
    }
}

extension Request {
    var bearer: String? {
        guard let header = headers[.authorization], header.hasPrefix("Bearer ") else { return nil }
        return String(header.dropFirst(7))
    }

    func body<Body: Decodable>(_ type: Body.Type) async throws -> Body {
        let buffer = try await body.collect(upTo: 1 << 20)
        do {
            return try APIJSON.decode(type, from: Data(buffer.readableBytesView))
        } catch {
            throw OfficeRefusal(code: OfficeProblem.invalid, status: 400, text: ServerText.invalid)
        }
    }
}
