// SPDX-License-Identifier: Apache-2.0
internal import Packaging

/// Finds what predicts a piece of new content: exact matches of some length, extended both ways for as long as most bytes
/// agree.
struct Matcher {
    let old: UnsafeBufferPointer<UInt8>
    let new: UnsafeBufferPointer<UInt8>
    let index: SuffixIndex
    /// Matches shorter than this are left to zstd.
    let shortest: Int
    /// Positions from one search to the next where nothing matches. Extending backwards finds what was jumped over.
    let step: Int
    /// Bytes that a match elsewhere must beat the current alignment by.
    private static let gain = 8
    /// Bytes that match at once along the current alignment, so that nothing else is looked for.
    private static let sure = 16

    private struct Alignment {
        var new: Int
        var old: Int
        var shift: Int { old - new }
    }

    /// Copies for `range` of the new content, `new` counted from its start.
    func copies(_ range: Range<Int>) -> [DeltaCopy] {
        guard let oldBase = old.baseAddress, let newBase = new.baseAddress else { return [] }
        var result: [DeltaCopy] = []
        var current: Alignment?
        var scan = range.lowerBound
        while scan < range.upperBound {
            let limit = range.upperBound - scan
            if let current {
                let aligned = scan + current.shift
                if aligned >= 0, aligned < old.count {
                    let same = commonPrefix(oldBase + aligned, newBase + scan, min(limit, old.count - aligned))
                    if same >= Self.sure {
                        scan += same
                        continue
                    }
                }
            }
            let match = index.longestMatch(newBase + scan, limit: limit)
            guard match.length >= shortest else {
                scan += step
                continue
            }
            if let current {
                if match.position - scan == current.shift {
                    scan += match.length
                    continue
                }
                guard match.length > agreeing(scan, match.length, shift: current.shift) + Self.gain else {
                    scan += step
                    continue
                }
            }
            current = change(from: current, to: Alignment(new: scan, old: match.position), range.lowerBound, &result)
            scan += match.length
        }
        if let current { append(current, forward(current, until: range.upperBound), to: &result) }
        return result
    }

    /// Ends the current copy, if there is one, and starts another at `next` or before.
    private func change(
        from current: Alignment?, to next: Alignment, _ start: Int, _ result: inout [DeltaCopy]
    ) -> Alignment {
        guard let current else {
            let back = backward(next, until: start)
            return Alignment(new: next.new - back, old: next.old - back)
        }
        var ahead = forward(current, until: next.new)
        var back = backward(next, until: current.new)
        let overlap = current.new + ahead - (next.new - back)
        if overlap > 0 {
            let kept = split(current, next, from: next.new - back, count: overlap)
            ahead += kept - overlap
            back -= kept
        }
        append(current, ahead, to: &result)
        return Alignment(new: next.new - back, old: next.old - back)
    }

    private func append(_ at: Alignment, _ length: Int, to result: inout [DeltaCopy]) {
        guard length > 0 else { return }
        result.append(DeltaCopy(new: Int64(at.new), old: Int64(at.old), length: Int64(length)))
    }

    /// Bytes of `length` from `position` on that the alignment predicts.
    private func agreeing(_ position: Int, _ length: Int, shift: Int) -> Int {
        let from = max(position, -shift)
        let to = min(position + length, old.count - shift)
        var count = 0
        var at = from
        while at < to {
            if old[at + shift] == new[at] { count += 1 }
            at += 1
        }
        return count
    }

    /// How far the copy is worth going on: to where it has most right bytes more than wrong ones.
    private func forward(_ at: Alignment, until end: Int) -> Int {
        var score = 0
        var best = (score: 0, length: 0)
        let limit = min(end - at.new, old.count - at.old)
        var length = 0
        while length < limit {
            score += old[at.old + length] == new[at.new + length] ? 1 : -1
            length += 1
            if score > best.score { best = (score, length) }
            // What comes after so many wrong bytes is another match's.
            if score < best.score - 1024 { break }
        }
        return best.length
    }

    private func backward(_ at: Alignment, until start: Int) -> Int {
        var score = 0
        var best = (score: 0, length: 0)
        let limit = min(at.new - start, at.old)
        var length = 0
        while length < limit {
            length += 1
            score += old[at.old - length] == new[at.new - length] ? 1 : -1
            if score > best.score { best = (score, length) }
            if score < best.score - 1024 { break }
        }
        return best.length
    }

    /// Where in an overlap the first alignment should give way to the second.
    private func split(_ first: Alignment, _ second: Alignment, from start: Int, count: Int) -> Int {
        var score = 0
        var best = (score: 0, length: 0)
        for offset in 0..<count {
            let byte = new[start + offset]
            if old[start + offset + first.shift] == byte { score += 1 }
            if old[start + offset + second.shift] == byte { score -= 1 }
            if score > best.score { best = (score, offset + 1) }
        }
        return best.length
    }
}
