// SPDX-License-Identifier: Apache-2.0
import AgentAPI
import Foundation
import Testing

@Suite("Numbers in words")
struct NumberTests {
    @Test(
        "a time is said with the right plural",
        arguments: [
            (0, Language.english, "0 seconds"), (1, .english, "1 second"), (60, .english, "1 minute"),
            (90, .english, "1 minute and 30 seconds"), (3600, .english, "60 minutes"),
            (7261, .english, "2 hours, 1 minute and 1 second"), (-5, .english, "0 seconds"),
            (121, .italian, "2 minuti e 1 secondo"), (61, .italian, "1 minuto e 1 secondo"),
            (0, .french, "0 seconde"), (1, .french, "1 seconde"), (122, .french, "2 minutes et 2 secondes"),
            (61, .german, "1 Minute und 1 Sekunde"), (120, .german, "2 Minuten"), (7200, .german, "2 Stunden"),
            (604_800, .english, "7 days"), (604_800, .german, "7 Tage"), (86_400, .italian, "24 ore"),
            (176_400, .french, "2 jours et 1 heure"),
        ])
    func duration(seconds: Int, language: Language, expected: String) {
        #expect(Catalogue.duration(seconds: seconds, language).replacing("\u{A0}", with: " ") == expected)
    }

    @Test(
        "bytes are written the language's way",
        arguments: [
            (Int64(999), Language.english, "999 B"), (999, .french, "999 octets"), (1000, .english, "1.0 kB"),
            (999_949, .english, "999.9 kB"), (999_960, .english, "1.0 MB"), (12_400_000, .german, "12,4 MB"),
            (12_400_000, .french, "12,4 Mo"), (5_000_000_000, .italian, "5,0 GB"),
            (Int64.max, .english, "9223.4 PB"),
        ])
    func bytes(count: Int64, language: Language, expected: String) {
        #expect(Catalogue.bytes(count, language).replacing("\u{A0}", with: " ") == expected)
    }

    @Test("measured times keep their decimals below a minute")
    func measured() {
        #expect(Catalogue.measured(seconds: 1.234, .english) == "1.23\u{A0}s")
        #expect(Catalogue.measured(seconds: 12.34, .italian) == "12,3\u{A0}s")
        #expect(Catalogue.measured(seconds: 75.2, .german).replacing("\u{A0}", with: " ") == "1 Minute und 15 Sekunden")
    }

    @Test("a moment names its time zone")
    func moment() throws {
        let date = Date(timeIntervalSince1970: 1_772_323_200)
        #expect(Catalogue.moment(date, .english) == "1 March 2026, 00:00:00 UTC")
        #expect(Catalogue.moment(date, .french) == "1er mars 2026, 00:00:00 UTC")
        #expect(Catalogue.moment(date, .italian) == "1º marzo 2026, 00:00:00 UTC")
        let zone = try #require(TimeZone(secondsFromGMT: -12600))
        #expect(Catalogue.moment(date, .german, timeZone: zone) == "28. Februar 2026, 20:30:00 UTC−03:30")
    }

    @Test("a warning says the product, the version and the time that is left")
    func warning() {
        let text = Catalogue.notice(
            .warning, product: "OM Business", to: "2.0", secondsLeft: 61, language: .german)
        #expect(
            text.replacing("\u{A0}", with: " ")
                == "OM Business wird auf Version 2.0 aktualisiert. Bitte speichern Sie Ihre Arbeit und schließen Sie das "
                + "Programm: Es wird in 1 Minute und 1 Sekunde geschlossen.")
        let closing = Catalogue.notice(.closing, product: "OM Business", language: .english)
        #expect(closing.contains("OM Business closes now"))
    }
}
