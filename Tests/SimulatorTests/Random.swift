// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The trice authors

import SplitMix

/// What happens in a history: repeated by its seed.
struct Random {
    private var generator: SplitMix

    init(seed: UInt64) { generator = SplitMix(state: seed) }

    mutating func next() -> UInt64 { generator.next() }

    /// From 0 to below the bound.
    mutating func below(_ bound: Int) -> Int { Int(next() >> 33) % bound }

    /// True once in so many times.
    mutating func once(in count: Int) -> Bool { below(count) == 0 }

    mutating func one<Element>(of elements: [Element]) -> Element { elements[below(elements.count)] }
}
