// SPDX-License-Identifier: Apache-2.0
import TUF

/// A vendor that is a table; counts what it is asked, and can be made to wait, to break off or to be away.
actor TableFetcher: Fetcher {
    private var files: [String: [UInt8]] = [:]
    private var lengths: [String: Int64] = [:]
    /// What was asked for, and from which byte on.
    private(set) var asked: [FetchRequest] = []
    private var isAway = false
    private var knowsRanges = true
    /// Bytes of a body, counted from its own start, before which each answer waits or breaks off, in turn.
    private var stops: [Stop] = []
    private var gates: [CheckedContinuation<Void, Never>] = []
    private var isOpen = true

    enum Stop: Sendable {
        /// Waits for ``open()``, and breaks off then if it has an error for that.
        case gate(at: Int, then: FetchError.Code? = nil)
        case failure(at: Int, FetchError.Code)
    }

    var requests: [String] { asked.map(\.url) }

    func put(_ path: String, _ bytes: [UInt8]) { files["http://vendor/" + path] = bytes }
    func putPack(_ sha256: String, _ bytes: [UInt8], length: Int64? = nil) {
        put("packs/" + sha256, bytes)
        lengths[sha256] = length ?? Int64(bytes.count)
    }
    func length(_ sha256: String) -> Int64? { lengths[sha256] }
    func setAway(_ away: Bool) { isAway = away }
    func forgetRanges() { knowsRanges = false }
    /// The next requests' answers stop like this, one after the other.
    func stop(_ stops: Stop...) { self.stops = stops }
    func close() { isOpen = false }
    func open() {
        isOpen = true
        for gate in gates { gate.resume() }
        gates = []
    }

    private func pass() async {
        if !isOpen { await withCheckedContinuation { gates.append($0) } }
    }

    private func answer(_ request: FetchRequest) async throws(FetchError) -> (bytes: ArraySlice<UInt8>, stop: Stop?) {
        asked.append(request)
        let stop = stops.isEmpty ? nil : stops.removeFirst()
        if stop == nil { await pass() }
        guard !isAway else { throw FetchError(.unreachable, url: request.url, reason: "away") }
        guard let bytes = files[request.url] else {
            throw FetchError(.notFound, url: request.url, reason: "no such file")
        }
        guard request.offset == 0 || (knowsRanges && request.offset < bytes.count) else {
            throw FetchError(.rangeNotSupported, url: request.url, reason: "no such range")
        }
        return (bytes[Int(request.offset)...], stop)
    }

    nonisolated func fetch(
        _ request: FetchRequest, receive: (ArraySlice<UInt8>) async throws -> Void
    ) async throws(FetchError) {
        let (bytes, stop) = try await answer(request)
        var rest = bytes
        while !rest.isEmpty {
            let sent = rest.startIndex - bytes.startIndex
            var next = min(rest.count, 1000)
            switch stop {
            case .gate(let at, let code) where at == sent:
                await pass()
                if let code { throw FetchError(code, url: request.url, reason: "broken off") }
            case .gate(let at, _) where at > sent: next = min(next, at - sent)
            case .failure(let at, let code) where at == sent:
                throw FetchError(code, url: request.url, reason: "broken off")
            case .failure(let at, _) where at > sent: next = min(next, at - sent)
            default: break
            }
            do {
                try await receive(rest.prefix(next))
            } catch let error as FetchError {
                throw error
            } catch {
                throw FetchError(.receiver, url: request.url, reason: "\(error)")
            }
            rest = rest.dropFirst(next)
        }
    }
}
