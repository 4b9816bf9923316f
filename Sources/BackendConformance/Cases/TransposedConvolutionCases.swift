// SPDX-License-Identifier: Apache-2.0

import DiffusionCore

extension ConformanceSuite {
  /// Transposed convolutions, which are made of convolutions of strided views.
  static func transposedConvolutionCases() -> [ConformanceCase] {
    typealias Geometry = TransposedConvolutionGeometry
    var cases: [ConformanceCase] = []
    let geometries: [(kernel: (Int, Int), geometry: Geometry)] = [
      ((2, 2), Geometry(stride: 2)), ((4, 4), Geometry(stride: 2, padding: 1)),
      ((3, 3), Geometry(stride: 2, padding: 1, outputPadding: 1)), ((3, 3), Geometry(padding: 1)),
      ((1, 1), Geometry(stride: 2)), ((3, 2), Geometry(stride: 3, padding: 1)),
      ((5, 4), Geometry(stride: 2, padding: 3)),
      ((3, 3), Geometry(stride: 2, padding: 2, outputPadding: 1, dilation: 2)),
      ((3, 3), Geometry(stride: 2, padding: 1, dilation: 3)), ((3, 3), Geometry(padding: 2, dilation: 2)),
      ((4, 4), Geometry(stride: 6, padding: 1, dilation: 4)),
    ]
    for (kernel, geometry) in geometries {
      for (input, output, groups) in [(3, 4, 1), (4, 6, 2), (5, 5, 5)] {
        for (batch, height, width) in [(2, 3, 5), (1, 1, 2)] {
          var geometry = geometry
          geometry.groups = groups
          cases.append(
            transposedConvolutionCase(
              geometry, kernel, Source(shape: [batch, height, width, input]), outputs: output, bias: batch == 2,
              activation: batch == 2 ? .relu : .none))
        }
      }
    }
    for (index, layout) in Layout.sources(4).enumerated() {
      cases.append(
        transposedConvolutionCase(
          Geometry(stride: 2, padding: 1), (4, 4),
          Source(shape: [2, 3, 4, 3], dtype: DType.allCases[index % 3], layout: layout), outputs: 5, bias: true,
          activation: .none))
    }
    cases.append(
      transposedConvolutionCase(
        Geometry(stride: 2), (2, 2), Source(shape: [0, 3, 4, 3]), outputs: 2, bias: true, activation: .none))
    return cases
  }

  private static func transposedConvolutionCase(
    _ geometry: TransposedConvolutionGeometry, _ kernel: (Int, Int), _ x: Source, outputs: Int, bias: Bool,
    activation: Activation
  ) -> ConformanceCase {
    let inputs = x.shape[3] / geometry.groups
    let outShape: Shape = [
      x.shape[0], geometry.outputExtent(input: x.shape[1], kernel: kernel.0),
      geometry.outputExtent(input: x.shape[2], kernel: kernel.1), outputs,
    ]
    var sources = [x, Source(shape: [outputs, kernel.0, kernel.1, inputs])]
    if bias { sources.append(Source(shape: [outputs])) }
    return ConformanceCase(
      operation: "transposedConvolution", details: "\(geometry), \(activation)", sources: sources, outShape: outShape,
      // As convolutions: sums of no more terms than the definition has.
      tolerance: .sum(of: kernel.0 * kernel.1 * max(inputs, 1), plus: 10, "bias and activation take 8"),
      factors: [0: 1, 1: 1],
      compute: { backend, s, out in
        let tensors = s.map { Tensor($0, on: backend) }
        let result = try tensors[0].transposedConvolution(
          weight: tensors[1], bias: bias ? tensors[2] : nil, geometry: geometry, activation: activation)
        try backend.copy(result.operand, to: out)
      },
      oracle: { s in
        ProductOracle.transposedConvolution(
          s[0], weight: s[1], bias: bias ? s[2] : nil, geometry, outShape: outShape
        ).finished(activation, residual: nil)
      })
  }
}
