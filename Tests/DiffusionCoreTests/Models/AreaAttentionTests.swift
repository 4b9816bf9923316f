// SPDX-License-Identifier: Apache-2.0

import BackendConformance
import DiffusionCore
import Foundation
import TestSupport
import Testing

/// Cross-attention in which each area of the picture has a context of its own, against the formula in f64.
///
/// f32 sums of some dozens of products are off by 1e-6 at most; another area's colours, or another branch's, by 1e-1.
struct AreaAttentionTests {
  private static let (channels, width, heads, tokens, rows) = (16, 12, 2, 15, 2)
  private static let lora = LoRAConfiguration(foreground: .rank(2), background: .rank(3))

  /// Three areas, in no order, and the figure across all of them.
  private static let areas = [0, 1, 1, 2, 0, 2, 2, 1, 0, 0, 2, 1, 1, 0, 2]
  private static let isFigure = (0..<tokens).map { ($0 * 7) % 5 < 2 }

  private struct Setup {
    let attention: CrossAttention
    let x: Tensor
    let residual: Tensor
    /// Of each area: the figure's context and the ground's.
    var contexts: [(Tensor, Tensor)]

    init(on backend: any Backend) throws {
      let source = SeededParameters(backend: backend)
      func input(_ shape: Shape, _ key: String) throws -> Tensor { try source.parameter(key, shape: shape) * 3 }
      attention = try CrossAttention(
        Parameters(source), channels: channels, contextWidth: width, heads: heads, lora: lora)
      x = try input([rows, tokens, channels], "x")
      residual = try input([rows, tokens, channels], "residual")
      // As many tokens as references have that stand beside one another.
      contexts = try [5, 3, 8].enumerated().map { area, count in
        (try input([rows, count, width], "figure \(area)"), try input([rows, count + 1, width], "ground \(area)"))
      }
    }

    func callAsFunction(split: Bool, merge: Float) throws -> Tensor {
      let backend = x.backend
      let mask = try Tensor(
        isFigure.map { $0 ? 1 : 0 }, shape: [1, 1, tokens, 1], on: backend)
      let parts = contexts.map { figure, ground in
        split
          ? ReferenceContext(
            foreground: figure, background: ground, mask: mask, maskThreshold: 0.5, useForegroundLoRA: true,
            useBackgroundLoRA: true) : ReferenceContext(whole: figure)
      }
      let labels = AreaLabels(width: tokens, height: 1, unit: 1, values: areas.map(UInt8.init), areaCount: 3)
      let context = try attention.prepare(ReferenceContext(areas: parts, labels: labels), repeats: 1)
      let regions =
        split
        ? TokenRegions(labels: zip(areas, isFigure).map { 2 * $0 + ($1 ? 0 : 1) }, count: 6)
        : TokenRegions(labels: areas, count: 3)
      var control = AttentionControl(referenceScales: [1], merge: merge)
      (control.foregroundScale, control.backgroundScale) = (0.75, 1.25)
      return try attention(
        x, context: context, mask: nil, regions: regions, scale: 0.5, control: control, residual: residual)
    }

    /// The same by the formula.
    func expected(split: Bool, merge: Double) throws -> [Double] {
      func rows(_ tensor: Tensor) throws -> [[Double]] {
        let width = tensor.shape[tensor.shape.rank - 1]
        let values = try tensor.floats().map(Double.init)
        return stride(from: 0, to: values.count, by: width).map { Array(values[$0..<$0 + width]) }
      }
      func product(_ matrix: [[Double]], _ x: [Double]) -> [Double] {
        matrix.map { zip($0, x).reduce(0) { $0 + $1.0 * $1.1 } }
      }
      func layer(_ layer: SplitLoRALinear, _ branch: LoRABranch?) throws -> ([Double]) -> [Double] {
        let weight = try rows(layer.weight)
        let pair = branch == .foreground ? layer.foreground : branch == .background ? layer.background : nil
        guard let pair else { return { product(weight, $0) } }
        let (down, up) = (try rows(pair.down), try rows(pair.up))
        return { x in zip(product(weight, x), product(up, product(down, x))).map { $0 + $1 } }
      }
      /// What one query finds in a context.
      func find(_ x: [Double], _ context: [[Double]], _ branch: LoRABranch?, _ strength: Double) throws -> [Double] {
        let q = try layer(attention.query, branch)(x)
        let (k, v) = try (context.map(layer(attention.key, branch)), context.map(layer(attention.value, branch)))
        let side = channels / heads
        return (0..<heads).flatMap { head -> [Double] in
          let range = head * side..<(head + 1) * side
          let logits = k.map { key in
            range.reduce(0.0) { $0 + q[$1] * key[$1] } / Double(side).squareRoot()
          }
          let weights = logits.map { exp($0 - (logits.max() ?? 0)) }
          let sum = weights.reduce(0, +)
          return range.map { c in zip(weights, v).reduce(0) { $0 + $1.0 * $1.1[c] } / sum * strength }
        }
      }
      let (output, bias) = (try rows(attention.output.weight), try attention.output.bias?.floats() ?? [])
      let (x, residual) = (try rows(x), try rows(residual))
      let contexts = try contexts.map { (try rows($0), try rows($1)) }
      return try (0..<AreaAttentionTests.rows).flatMap { row -> [Double] in
        try (0..<tokens).flatMap { token -> [Double] in
          let query = x[row * tokens + token]
          let (figures, grounds) = contexts[areas[token]]
          let (m, n) = (figures.count / AreaAttentionTests.rows, grounds.count / AreaAttentionTests.rows)
          let figure = Array(figures[row * m..<(row + 1) * m])
          let ground = Array(grounds[row * n..<(row + 1) * n])
          var found: [Double]
          if !split {
            found = try find(query, figure, nil, 0.5)
          } else {
            let behind = try find(query, ground, .background, 0.5 * 1.25)
            found = behind
            if isFigure[token] {
              let front = try find(query, figure, .foreground, 0.5 * 0.75)
              found = zip(front, behind).map { $0 * (1 - merge) + $1 * merge }
            }
          }
          return zip(zip(product(output, found), bias), residual[row * tokens + token]).map { $0.0 + Double($0.1) + $1 }
        }
      }
    }
  }

  private func error(_ made: Tensor, _ expected: [Double]) throws -> Double {
    let size = expected.map(abs).max() ?? 0
    return (zip(try made.floats(), expected).map { abs(Double($0) - $1) }.max() ?? .infinity) / size
  }

  @Test(arguments: [(false, 0), (true, 0), (true, 0.25)] as [(Bool, Double)], [false, true])
  func agreesWithTheFormula(_ mode: (split: Bool, merge: Double), primitivesOnly: Bool) throws {
    let cpu = try CPUBackend(threads: 2)
    var setup = try Setup(on: primitivesOnly ? PrimitivesOnly(cpu) : cpu)
    let expected = try setup.expected(split: mode.split, merge: mode.merge)
    #expect(try error(setup(split: mode.split, merge: Float(mode.merge)), expected) < 3e-6)
    // Two areas' contexts in each other's place are noticed.
    setup.contexts.swapAt(0, 2)
    #expect(try error(setup(split: mode.split, merge: Float(mode.merge)), expected) > 0.03)
  }

  /// To the last bit: what one area takes its colours from is nothing to the others.
  @Test(arguments: [false, true]) func anAreaMovesAlone(split: Bool) throws {
    var setup = try Setup(on: CPUBackend())
    let before = try setup(split: split, merge: 0).floats()
    setup.contexts[1] = (try setup.contexts[1].0 * 0.5, try setup.contexts[1].1 * 0.5)
    let after = try setup(split: split, merge: 0).floats()
    for (index, (one, other)) in zip(before, after).enumerated() {
      #expect((one != other) == (Self.areas[index / Self.channels % Self.tokens] == 1))
    }
  }

  @Test func labelsAreThoseOfMostPlaces() {
    let values: [UInt8] = [
      0, 0, 1, 1, 2, 2, 0, 0,
      0, 1, 1, 2, 2, 2, 1, 1,
    ]
    let labels = AreaLabels(width: 8, height: 2, unit: 2, values: values, areaCount: 3)
    // The last has two of two.
    #expect(labels.majority(scale: 0) == [0, 1, 2, 1])
    let whole = AreaLabels(width: 8, height: 2, unit: 1, values: values, areaCount: 3)
    #expect(whole.majority(scale: 0) == values.map(Int.init))
    #expect(whole.majority(scale: 1) == [0, 1, 2, 1])
  }
}
