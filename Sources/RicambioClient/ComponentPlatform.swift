// SPDX-License-Identifier: Apache-2.0

/// The platform strings of a release's parts.
public enum ComponentPlatform {
    /// This machine's, e.g. `linux-x86_64`.
    public static var current: String { "\(system)-\(architecture)" }

    private static var system: String {
        #if os(macOS)
            "macos"
        #elseif os(Windows)
            "windows"
        #else
            "linux"
        #endif
    }

    private static var architecture: String {
        #if arch(arm64)
            "arm64"
        #else
            "x86_64"
        #endif
    }
}
