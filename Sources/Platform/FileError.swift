// SPDX-License-Identifier: Apache-2.0
internal import Glibc
public import SystemPackage

/// What went wrong, doing what, where. Compared by code in tests; ``description`` is a sentence for people.
public struct FileError: Error, Sendable, Hashable, CustomStringConvertible {
    public enum Code: Sendable, Hashable {
        case notFound
        case permissionDenied
        case noSpace
        case exists
        case notEmpty
        case notDirectory
        case isDirectory
        case notSupported
        case readOnly
        case busy
        case tooLarge
        case isSymlink
        /// The two places are on different file systems.
        case crossesFileSystems
        /// Something is mounted there: what it holds belongs to another file system, or to another folder.
        case mountPoint
        /// A name that is not UTF-8, or too long.
        case badName
        /// Any other `errno`.
        case other(Int32)
    }

    public var code: Code
    /// A verb with its object's relation, such as `read` or `make the folder`.
    public var operation: String
    public var path: String

    public init(_ code: Code, operation: String, path: String) {
        self.code = code
        self.operation = operation
        self.path = path
    }

    /// The code of an `errno` value.
    public init(errno number: Int32, operation: String, path: String) {
        self.init(Code(errno: number), operation: operation, path: path)
    }

    public init(_ code: Code, operation: String, path: FilePath) {
        self.init(code, operation: operation, path: path.readable)
    }

    public init(errno number: Int32, operation: String, path: FilePath) {
        self.init(Code(errno: number), operation: operation, path: path.readable)
    }

    public var description: String { "Cannot \(operation) \(path): \(code.reason)." }
}

extension FileError.Code {
    init(errno number: Int32) {
        switch number {
        case ENOENT: self = .notFound
        case EACCES, EPERM: self = .permissionDenied
        case ENOSPC, EDQUOT: self = .noSpace
        case EEXIST: self = .exists
        case ENOTEMPTY: self = .notEmpty
        case ENOTDIR: self = .notDirectory
        case EISDIR: self = .isDirectory
        case ENOTSUP, ENOSYS: self = .notSupported
        case EROFS: self = .readOnly
        case EBUSY, ETXTBSY: self = .busy
        case EFBIG: self = .tooLarge
        case ELOOP: self = .isSymlink
        case EXDEV: self = .crossesFileSystems
        case ENAMETOOLONG, EILSEQ: self = .badName
        default: self = .other(number)
        }
    }

    /// The reason as the end of a sentence, without its full stop.
    public var reason: String {
        switch self {
        case .notFound: "there is nothing there"
        case .permissionDenied: "this account has no permission"
        case .noSpace: "there is no space left on its file system, or the account's quota is used up"
        case .exists: "something is there already"
        case .notEmpty: "the folder is not empty"
        case .notDirectory: "a part of the path is not a folder"
        case .isDirectory: "it is a folder"
        case .notSupported: "its file system cannot do that"
        case .readOnly: "its file system is mounted read-only"
        case .busy: "it is in use"
        case .tooLarge: "it is larger than allowed"
        case .isSymlink: "it is a symbolic link, and those are not followed here"
        case .crossesFileSystems: "the two places are on different file systems"
        case .mountPoint: "something is mounted there"
        case .badName: "a name is not UTF-8, or too long"
        case .other(let number): "the system says “\(systemMessage(number))” (error \(number))"
        }
    }
}

func systemMessage(_ number: Int32) -> String {
    var buffer = [CChar](repeating: 0, count: 256)
    guard strerror_r(number, &buffer, buffer.count) == 0 else { return "unknown" }
    return String(decoding: buffer.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
}
