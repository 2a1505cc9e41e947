// SPDX-License-Identifier: Apache-2.0
import AgentAPI
import Hummingbird
import NIOCore

/// What accompanies a request through middleware and routes.
struct AgentContext: RequestContext {
    var coreContext: CoreRequestContextStorage
    /// The peer's network address; empty where there is none (tests without a network).
    let remoteAddress: String
    /// What moves the connection's bytes.
    let eventLoop: any EventLoop
    /// Nothing of the API is larger; the mirror takes no bodies.
    var maxUploadSize: Int { 64 * 1024 }

    init(source: ApplicationRequestContextSource) {
        coreContext = .init(source: source)
        eventLoop = source.channel.eventLoop
        remoteAddress = source.channel.remoteAddress?.ipAddress ?? ""
    }
}

/// Who sent a request, proven by a token.
enum Caller: Sendable {
    case anyone
    case administrator(Accounts.Administrator)
    case application(installation: String)
    case workstation(installation: String, session: String)

    /// How the audit and the log call it.
    var name: String {
        switch self {
        case .anyone: "-"
        case .administrator(let administrator): administrator.name
        case .application(let installation): "application:\(installation)"
        case .workstation(_, let session): "session:\(session)"
        }
    }
}

/// Who may use a route. Every route names its own.
enum Access: Sendable {
    case anyone
    /// Any token of an account, even one that only allows to change the password.
    case signedIn
    /// Roles `viewer` and `administrator`.
    case viewer
    case administrator
    case application
    case workstation
    /// Whoever has any valid token.
    case member
}
