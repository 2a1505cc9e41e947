// SPDX-License-Identifier: Apache-2.0
public import Platform
public import SystemPackage

/// Why a folder was not replaced, or not copied; compared by code in tests.
public struct ReplacementError: Error, Sendable, Hashable, CustomStringConvertible {
    public enum Code: Sendable, Hashable {
        /// What the operating system said.
        case file(FileError)
        /// Nothing is there, or no folder.
        case missing
        /// What is there is neither the old nor the new folder, nor any that was recorded: it is left alone.
        case unknown(UnknownFolder)
        /// Somebody's folder stands where one has to go.
        case inTheWay
        /// Something is mounted there, or it is on another file system: `reason` says where.
        case notSameFileSystem
        /// A symlink on the way to kept files hides files of the release: `reason` names one.
        case linkHidesRelease
        /// A symlink on the way to kept files leads to no folder.
        case linkLeadsNowhere
        /// Folders inside folders beyond ``Platform/maximumFolderDepth``.
        case tooDeep
        /// Content that had been verified is not what it was any more.
        case tampered
        /// `chattr +i` or `+a`: not even root may rename it, or make something in it.
        case immutable
        /// Only root, its owner or the folder's may rename something in a folder with the sticky bit.
        case sticky
        /// Fewer bytes are free than are needed.
        case notEnoughBytes(free: Int64, needed: Int64)
        /// Fewer files and folders can be made on the file system than are needed: no inodes are left.
        case notEnoughFiles(free: Int64, needed: Int64)
        /// A declared command failed, or took too long: `reason` has its last lines.
        case command
        case cancelled
    }

    public var code: Code
    /// Absolute, or relative to the application folder: as a person would name it.
    public var path: FilePath
    /// For logs; the end of a sentence, without its full stop.
    public var reason: String

    public init(_ code: Code, path: FilePath, reason: String = "") {
        self.code = code
        self.path = path
        self.reason = reason
    }

    public var description: String {
        if case .file(let error) = code { return error.description }
        return "\(path.readable): \(code)" + (reason.isEmpty ? "" : ", \(reason)")
    }
}

extension ReplacementError {
    public init(_ error: FileError) {
        self.init(.file(error), path: FilePath(error.path), reason: error.code.reason)
    }

    /// Runs file operations and reports their errors as this type.
    static func files<Value>(_ body: () throws(FileError) -> Value) throws(ReplacementError) -> Value {
        do {
            return try body()
        } catch {
            throw ReplacementError(error)
        }
    }
}

/// Asked between two files, and between two reads of a large one; throws `cancelled` when the work is no longer wanted.
public typealias CancellationCheck = () throws(ReplacementError) -> Void
