// SPDX-License-Identifier: Apache-2.0
public import Platform
internal import SystemPackage

/// Who holds it may change the folders of a place; held until it is released or the process ends.
public enum OwnerLock {
    /// `nil` when somebody has it. The state folder must be there.
    public static func take(
        _ place: Place, fileSystem: any FileSystem
    ) throws(ReplacementError) -> (any HeldLock)? {
        try ReplacementError.files { () throws(FileError) in try fileSystem.lock(place.state.appending("lock")) }
    }
}
