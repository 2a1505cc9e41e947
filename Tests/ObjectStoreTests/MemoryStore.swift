// SPDX-License-Identifier: Apache-2.0
import Foundation
import ObjectStore
import Platform
import Synchronization
import TUF

/// An object store in memory, with conditional writes, that breaks when told to. Readers fetch from it too.
final class MemoryStore: ObjectStore, Fetcher {
    enum Fault: Sendable {
        case none
        /// The n-th change (from 1) does not happen, and the line stays down.
        case down(at: Int)
        /// The n-th change happens, its answer is lost, and the repeated request meets its own object.
        case answerLost(at: Int)
        /// Just before the n-th change somebody else does something.
        case somebody(at: Int, @Sendable (MemoryStore) -> Void)
    }

    static let url = "memory/"

    private struct State {
        var objects: [String: (bytes: [UInt8], object: ObjectWrite)] = [:]
        var changes: [String] = []
        var fault = Fault.none
        var isDown = false
    }

    private let state = Mutex(State())
    let givesETags: Bool

    init(givesETags: Bool = true) { self.givesETags = givesETags }

    func set(_ fault: Fault) { state.withLock { ($0.fault, $0.changes, $0.isDown) = (fault, [], false) } }

    var paths: [String] { state.withLock { $0.objects.keys.sorted() } }
    /// Paths, in the order of writing and removing, since the fault was set.
    var changes: [String] { state.withLock { $0.changes } }
    func object(_ path: String) -> ObjectWrite? { state.withLock { $0.objects[path]?.object } }
    func bytes(_ path: String) -> [UInt8]? { state.withLock { $0.objects[path]?.bytes } }

    /// As somebody else would, past every condition.
    func plant(_ path: String, _ bytes: [UInt8]) {
        let object = ObjectWrite(
            path: path, size: Int64(bytes.count), sha256: sha256Hex(bytes), contentType: "", cacheControl: "",
            condition: .none)
        state.withLock { $0.objects[path] = (bytes, object) }
    }

    func list() async throws(StoreError) -> [StoredFile] {
        try check()
        return state.withLock { state in
            state.objects.sorted { $0.key < $1.key }.map { describe($0.key, $0.value.bytes) }
        }
    }

    func attributes(of path: String) async throws(StoreError) -> StoredFile? {
        try check()
        return bytes(path).map { describe(path, $0) }
    }

    func read(_ path: String, limit: Int) async throws(StoreError) -> [UInt8]? {
        try check()
        return bytes(path)
    }

    func write(_ object: ObjectWrite, from file: any OpenFile) async throws(StoreError) {
        let bytes: [UInt8]
        do { bytes = try file.read(at: 0, count: Int(object.size)) } catch {
            throw StoreError(.file(error), "\(error)")
        }
        guard sha256Hex(bytes) == object.sha256 else { throw StoreError(.refused(400), "XAmzContentSHA256Mismatch") }
        try change(object.path) { state in
            let there = state.objects[object.path].map { self.describe(object.path, $0.bytes).etag }
            switch object.condition {
            case .absent: guard there == nil else { return false }
            case .unchanged(let etag): guard there == .some(.some(etag)) else { return false }
            case .none: break
            }
            state.objects[object.path] = (bytes, object)
            return true
        }
    }

    func remove(_ path: String) async throws(StoreError) {
        try change(path) { state in
            state.objects[path] = nil
            return true
        }
    }

    func fetch(
        _ request: FetchRequest, receive: (ArraySlice<UInt8>) async throws -> Void
    ) async throws(FetchError) {
        guard let bytes = bytes(String(request.url.dropFirst(Self.url.count))) else {
            throw FetchError(.notFound, url: request.url, reason: "404")
        }
        let end = request.length.map { min(bytes.count, Int(request.offset + $0)) } ?? bytes.count
        do { try await receive(bytes[Int(request.offset)..<end]) } catch {
            throw FetchError(.receiver, url: request.url, reason: "\(error)")
        }
    }

    private func check() throws(StoreError) {
        if state.withLock({ $0.isDown }) { throw StoreError(.unreachable, "the line is down") }
    }

    private func change(_ path: String, _ body: (inout State) -> Bool) throws(StoreError) {
        let fault = state.withLock { state -> Fault in
            state.changes.append(path)
            return state.fault
        }
        let count = changes.count
        if case .down(let at) = fault, count >= at { state.withLock { $0.isDown = true } }
        if case .somebody(let at, let act) = fault, count == at { act(self) }
        try check()
        guard state.withLock({ body(&$0) }) else { throw StoreError(.changed, "the condition does not hold") }
        if case .answerLost(let at) = fault, count == at { throw StoreError(.changed, "the condition does not hold") }
    }

    private func describe(_ path: String, _ bytes: [UInt8]) -> StoredFile {
        StoredFile(path: path, size: Int64(bytes.count), etag: givesETags ? "\"\(sha256Hex(bytes).prefix(32))\"" : nil)
    }
}
