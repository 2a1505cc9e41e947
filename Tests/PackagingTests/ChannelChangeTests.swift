// SPDX-License-Identifier: Apache-2.0
import Foundation
import Packaging
import Testing

@Suite("Changes of a channel") struct ChannelChangeTests {
    private let now = Date(timeIntervalSince1970: 1_800_000_000)

    private func channel(_ releases: [String], current: String? = nil, rollout: Rollout? = nil) -> ChannelDocument {
        ChannelDocument(
            product: "om", channel: "stable", current: current ?? releases[0], releases: releases,
            rollout: rollout ?? Rollout(start: now - 86_400))
    }

    @Test("A recalled current release gives way to the newest that is left, for everybody")
    func recallCurrent() {
        let old = channel(["3.0", "2.0", "1.0"], rollout: Rollout(percentage: 10, start: now))
        let changed = old.recalling("3.0", at: now)
        #expect(changed.current == "2.0" && changed.recalled == ["3.0"] && changed.releases == old.releases)
        #expect(changed.rollout == Rollout(start: now))
        let again = changed.recalling("2.0", at: now)
        #expect(again.current == "1.0" && again.recalled == ["3.0", "2.0"])
        let last = again.recalling("1.0", at: now)
        #expect(last.current == "1.0" && last.recalled.contains("1.0"))
        #expect(throws: Never.self) { try last.check() }
    }

    @Test("Recalling an older release, or twice, changes nothing else")
    func recallOlder() {
        let old = channel(["3.0", "2.0"])
        let changed = old.recalling("2.0", at: now)
        #expect(changed.current == "3.0" && changed.rollout == old.rollout && changed.recalled == ["2.0"])
        #expect(changed.recalling("2.0", at: now + 5) == changed)
    }

    @Test("A reinstated release is current again if nothing newer is")
    func reinstate() {
        let recalled = channel(["3.0", "2.0"]).recalling("3.0", at: now)
        #expect(recalled.reinstating("3.0", rollout: Rollout(start: now)).current == "3.0")
        let newer = recalled.adding("4.0", rollout: Rollout(start: now))
        #expect(newer.reinstating("3.0", rollout: Rollout(start: now)).current == "4.0")
        #expect(recalled.reinstating("2.0", rollout: Rollout(start: now)) == recalled)
    }

    @Test("While a share grows, nobody who is offered the release now is refused it later", arguments: [0.0, 24, 100])
    func growing(rampHours: Double) {
        let old = channel(["2.0"], rollout: Rollout(percentage: 40, start: now - 5 * 3600, rampHours: 10))
        let share = old.rollout.share(at: now)
        #expect(share == 20)
        let changed = old.rollingOut(percentage: 80, rampHours: rampHours, at: now)
        var last = share
        for hour in 0...200 {
            let next = changed.rollout.share(at: now + Double(hour) * 3600)
            #expect(next >= last - 1e-9, "after \(hour) hours: \(next) < \(last)")
            last = next
        }
        #expect(last == 80)
    }

    @Test("0 pauses; less than now is at once")
    func shrinking() {
        let old = channel(["2.0"])
        #expect(old.rollingOut(percentage: 0, rampHours: 5, at: now).rollout.share(at: now + 86_400) == 0)
        #expect(old.rollingOut(percentage: 30, rampHours: 5, at: now).rollout.share(at: now) == 30)
    }

    @Test("What is kept: the newest, the current one, and everything from the minimum on")
    func keeping() {
        var old = channel(["5.0", "4.0", "3.0", "2.0", "1.0"], current: "3.0")
        #expect(old.keepingNewest(1).releases == ["5.0", "3.0"])
        #expect(old.keepingNewest(9).releases == old.releases)
        old.minimum = "2.0"
        #expect(old.keepingNewest(1).releases == ["5.0", "4.0", "3.0", "2.0"])
    }

    @Test("An older version that is added does not become current")
    func addOlder() {
        let old = channel(["3.0"])
        let changed = old.adding("2.0", rollout: Rollout(percentage: 5, start: now))
        #expect(changed.current == "3.0" && changed.releases == ["3.0", "2.0"] && changed.rollout == old.rollout)
        #expect(changed.adding("2.0", rollout: Rollout(start: now)).releases == ["3.0", "2.0"])
    }
}
