// SPDX-License-Identifier: Apache-2.0

public enum Platform {
    /// This machine's platform as releases name it.
    public static var current: String {
        #if os(macOS)
            let system = "macos"
        #elseif os(Windows)
            let system = "windows"
        #else
            let system = "linux"
        #endif
        #if arch(arm64)
            return "\(system)-arm64"
        #else
            return "\(system)-x86_64"
        #endif
    }
}
