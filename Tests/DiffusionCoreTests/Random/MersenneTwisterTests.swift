// SPDX-License-Identifier: Apache-2.0

import DiffusionCore
import Testing

@Suite struct MersenneTwisterTests {
  /// The C++ standard fixes the 10000th word of the default seed ([rand.predef]).
  @Test func standardKnownAnswer() {
    var engine = MersenneTwister(seed: 5489)
    #expect(engine.nextWord() == 3_499_211_612)
    for _ in 0..<9998 { _ = engine.nextWord() }
    #expect(engine.nextWord() == 4_123_659_995)
  }

  @Test func sixtyFourBitsAreHighWordFirst() {
    var words = MersenneTwister(seed: 1)
    var doubles = words
    let high = UInt64(words.nextWord())
    let low = UInt64(words.nextWord())
    #expect(doubles.next() == high << 32 | low)
  }
}
