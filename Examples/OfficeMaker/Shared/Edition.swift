// SPDX-License-Identifier: Apache-2.0

/// The three server products of Office Maker.
public enum Edition: String, Codable, Sendable, CaseIterable, Hashable {
    case business
    case finance
    case staff

    /// As people know it.
    public var title: String {
        switch self {
        case .business: "OM Business"
        case .finance: "OM Finance"
        case .staff: "OM Staff"
        }
    }

    /// What people edit in it.
    public var kinds: [RecordKind] {
        switch self {
        case .business: [.customers, .invoices]
        case .finance: [.entries]
        case .staff: [.employees]
        }
    }

    public func kind(named name: String) -> RecordKind? { kinds.first { $0.name == name } }
}

/// One sort of record: a table of the data file.
public struct RecordKind: Sendable, Hashable {
    public struct Field: Sendable, Hashable {
        public enum Content: String, Sendable {
            case text
            /// A whole number; money is in cents.
            case number
        }

        public var name: String
        public var content: Content
        public var isRequired: Bool
        /// The schema that brought it.
        public var since: Int

        init(_ name: String, _ content: Content = .text, isRequired: Bool = false, since: Int = 1) {
            self.name = name
            self.content = content
            self.isRequired = isRequired
            self.since = since
        }
    }

    public var name: String
    public var fields: [Field]

    public func fields(schema: Int) -> [Field] { fields.filter { $0.since <= schema } }

    static let customers = RecordKind(
        name: "customers",
        fields: [Field("name", isRequired: true), Field("city"), Field("email", since: 2)])
    static let invoices = RecordKind(
        name: "invoices",
        fields: [
            Field("number", isRequired: true), Field("customer", isRequired: true), Field("cents", .number),
            Field("due", since: 2),
        ])
    static let entries = RecordKind(
        name: "entries",
        fields: [
            Field("date", isRequired: true), Field("account", isRequired: true), Field("cents", .number), Field("text"),
            Field("costCentre", since: 2),
        ])
    static let employees = RecordKind(
        name: "employees",
        fields: [Field("name", isRequired: true), Field("department"), Field("hired", since: 2)])
}
