// SPDX-License-Identifier: Apache-2.0

import DiffusionCore
import Testing

@Suite struct SeededNoiseTests {
  static let torchSeeds: [UInt64] = [0, 42, 0x1_0000_0007, 0x8000_0000_0000_0005]
  static let torchCounts = [1, 15, 16, 17, 40, 256]
  static let torchSequence = [3, 20, 4, 16, 1]

  @Test(arguments: torchSeeds, torchCounts)
  func torchPlainKernelBitForBit(seed: UInt64, count: Int) throws {
    var source = TorchCPUGenerator(seed: seed)
    let expected = try FixtureTable("noise").floats("torch.default.\(seed).\(count)")
    #expect(try source.normals(count: count) == expected)
  }

  /// The AVX2 kernel computes log, sin and cos with polynomials of its own.
  @Test(arguments: torchSeeds, torchCounts)
  func torchVectorKernelWithinTolerance(seed: UInt64, count: Int) throws {
    var source = TorchCPUGenerator(seed: seed)
    let actual = try source.normals(count: count).map(Double.init)
    let expected = try FixtureTable("noise").doubles("torch.avx2.\(seed).\(count)")
    #expect(largestError(actual, expected) <= (count < 16 ? 0 : 4e-6))
  }

  /// A kept second normal survives block calls between two scalar calls.
  @Test func torchCallsOfDifferentSizes() throws {
    var source = TorchCPUGenerator(seed: 7)
    var actual: [Float] = []
    for count in Self.torchSequence { actual += try source.normals(count: count) }
    #expect(try actual == FixtureTable("noise").floats("torch.default.sequence"))
  }

  @Test func torchTakesTheLowWordOfTheSeed() throws {
    var whole = TorchCPUGenerator(seed: 9 << 32 | 5)
    var low = TorchCPUGenerator(seed: 5)
    #expect(try whole.normals(count: 32) == low.normals(count: 32))
  }

  @Test(arguments: [0, 42, UInt64(UInt32.max)])
  func numpyBitForBit(seed: UInt64) throws {
    var source = try NumPyGenerator(seed: seed)
    var actual: [Float] = []
    for count in [5, 1, 250] { actual += try source.normals(count: count) }
    #expect(try actual == FixtureTable("noise").floats("numpy.\(seed)"))
  }

  @Test func numpyRefusesLongSeeds() {
    let error = NoiseError.seedOutOfRange(seed: 1 << 32, maximum: UInt64(UInt32.max))
    #expect(throws: error) { try NumPyGenerator(seed: 1 << 32) }
    #expect(throws: error) { try NoiseGenerator.numpy.source(seed: 1 << 32) }
  }

  @Test(arguments: [0, 42, 0x8000_0000_0000_0005 as UInt64])
  func philoxAgainstWholeNumberArithmetic(seed: UInt64) throws {
    var source = PhiloxGenerator(seed: seed)
    let actual = try source.normals(count: 12) + source.normals(count: 3)
    #expect(largestError(actual.map(Double.init), try FixtureTable("noise").doubles("philox.\(seed)")) <= 1e-7)
  }

  /// The values that the web UI's `rng_philox.py` documents for seed 0 and shape (3, 4).
  @Test func philoxAgainstTheWebUI() throws {
    var source = PhiloxGenerator(seed: 0)
    let expected = [
      -0.92466259, -0.42534415, -2.6438457, 0.14518388, -0.12086647, -0.57972564,
      -0.62285122, -0.32838709, -1.07454231, -0.36314407, -1.67105067, 2.26550497,
    ]
    let actual = try source.normals(shape: [3, 4]).map(Double.init)
    #expect(largestError(actual, expected) <= 1e-6)
  }

  /// What torch 2.2 printed for `torch.randn` on a CUDA device with seed 0 (rows of eight, four decimals).
  @Test func philoxAgainstCUDA() throws {
    var source = PhiloxGenerator(seed: 0)
    let expected = [
      -0.9247, -0.4253, -2.6438, 0.1452, -0.1209, -0.5797, -0.6229, -0.3284,
      -1.0745, -0.3631, -1.6711, 2.2655, 0.3117, -0.1842, 1.2866, 1.1820,
      -0.1271, 1.2169, 1.4353, 1.0605, -0.4941, -1.4244, -0.7244, -1.2973,
    ]
    let actual = try source.normals(shape: [3, 8]).map(Double.init)
    #expect(largestError(actual, expected) <= 5.1e-5)
  }

  /// The known-answer vectors of Random123 (`kat_vectors`).
  @Test func philoxKnownAnswers() {
    let all = UInt32.max
    #expect(
      Philox4x32.words(counter: SIMD4(repeating: 0), key: SIMD2(repeating: 0))
        == SIMD4(0x6627_e8d5, 0xe169_c58d, 0xbc57_ac4c, 0x9b00_dbd8))
    #expect(
      Philox4x32.words(counter: SIMD4(repeating: all), key: SIMD2(repeating: all))
        == SIMD4(0x408f_276d, 0x41c8_3b0e, 0xa20b_c7c6, 0x6d54_51fd))
    #expect(
      Philox4x32.words(
        counter: SIMD4(0x243f_6a88, 0x85a3_08d3, 0x1319_8a2e, 0x0370_7344), key: SIMD2(0xa409_3822, 0x299f_31d0))
        == SIMD4(0xd16c_fe09, 0x94fd_cceb, 0x5001_e420, 0x2412_6ea1))
  }

  @Test(arguments: NoiseGenerator.allCases)
  func momentsAndShapes(generator: NoiseGenerator) throws {
    var source = try generator.source(seed: 3)
    let values = try source.normals(shape: [2, 4, 64, 64]).map(Double.init)
    #expect(values.count == 32768)
    let mean = values.reduce(0, +) / 32768
    let variance = values.reduce(0) { $0 + $1 * $1 } / 32768
    // Five standard errors of each.
    #expect(abs(mean) < 0.028 && abs(variance - 1) < 0.04)
    #expect(values.allSatisfy { $0.isFinite })
    #expect(try source.normals(shape: []).count == 1)
    #expect(try source.normals(shape: [4, 0]).isEmpty)
    #expect(throws: NoiseError.invalidShape([-1])) { try source.normals(shape: [-1]) }
    #expect(throws: NoiseError.invalidShape([.max, 2])) { try source.normals(shape: [.max, 2]) }
    #expect(throws: NoiseError.self) { try source.normals(count: NoiseLimits.maximumCount + 1) }
  }
}
