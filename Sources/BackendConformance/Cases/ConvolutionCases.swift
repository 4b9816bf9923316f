// SPDX-License-Identifier: Apache-2.0

import DiffusionCore

/// What a convolution's case varies.
private struct ConvolutionSetting {
  var batch = 1
  var height = 5
  var width = 7
  var input = 3
  var output = 4
  var kernel = (3, 3)
  var geometry = ConvolutionGeometry(padding: 1)
  var types: [DType] = [.f32, .f32, .f32, .f32, .f32]
  var layouts: [Layout] = [.contiguous, .contiguous, .contiguous, .contiguous]
  var out = Layout.contiguous
  var bias = false
  var activation = Activation.none
  var residual = false

  var outShape: Shape {
    [
      batch, geometry.outputExtent(input: height, kernel: kernel.0),
      geometry.outputExtent(input: width, kernel: kernel.1), output,
    ]
  }
}

extension ConformanceSuite {
  /// Convolutions without (`conv2d`) or with bias, activation and residual (`convolution`).
  static func convolutionCases(fused: Bool) -> [ConformanceCase] {
    var settings = shapes() + placements() + dilatedAndGrouped()
    if fused {
      for index in settings.indices {
        settings[index].bias = index % 4 != 0
        settings[index].residual = index % 3 != 0
        settings[index].activation = Activation.allCases[index / 2 % Activation.allCases.count]
      }
      for (index, mix) in typeMixes(5).enumerated() {
        settings.append(
          ConvolutionSetting(
            height: 3, width: 4, input: 2, output: 3, types: mix, bias: true,
            activation: Activation.allCases[index % Activation.allCases.count], residual: true))
      }
    } else {
      for mix in typeMixes(3) {
        settings.append(ConvolutionSetting(types: [mix[0], mix[1], .f32, .f32, mix[2]]))
      }
    }
    return settings.map { test($0, fused: fused) }
  }

  private static func test(_ s: ConvolutionSetting, fused: Bool) -> ConformanceCase {
    var sources = [
      Source(shape: [s.batch, s.height, s.width, s.input], dtype: s.types[0], layout: s.layouts[0]),
      Source(
        shape: [s.output, s.kernel.0, s.kernel.1, s.input / s.geometry.groups], dtype: s.types[1],
        layout: s.layouts[1]),
    ]
    if s.bias { sources.append(Source(shape: [s.output], dtype: s.types[2], layout: s.layouts[2])) }
    if s.residual { sources.append(Source(shape: s.outShape, dtype: s.types[3], layout: s.layouts[3])) }
    let bias = s.bias ? 2 : nil
    let residual = s.residual ? sources.count - 1 : nil
    let (geometry, activation, outShape) = (s.geometry, s.activation, s.outShape)
    let terms = s.kernel.0 * s.kernel.1 * s.input / s.geometry.groups
    // The fused member may use fast methods, whose tiles of 4x4 outputs share rounding errors; `conv2d` may not.
    let isPlain = geometry.stride == 1 && geometry.dilation == 1 && geometry.groups == 1
    let mayShareErrors = fused && s.kernel == (3, 3) && isPlain && s.input >= 16
    var details =
      "stride \(geometry.stride), padding \(geometry.paddingBefore) \(geometry.paddingAfter), "
      + "upsampling \(geometry.upsampling)"
    if geometry.dilation > 1 { details += ", dilation \(geometry.dilation)" }
    if geometry.groups > 1 { details += ", \(geometry.groups) groups" }
    if fused {
      details += "\(s.bias ? ", bias" : ""), \(activation)\(s.residual ? ", residual" : "")"
    }
    return ConformanceCase(
      operation: fused ? "convolution" : "conv2d", details: details, sources: sources, outShape: outShape,
      outDType: s.types[4], outLayout: s.out,
      tolerance: .sum(of: terms, plus: fused ? 10 : 2, fused ? "bias, activation and residual take 8" : ""),
      isFused: fused, isLarge: outShape.elementCount * terms > 200_000, factors: [0: 1, 1: 1],
      compute: { backend, x, out in
        // What a backend does not take is taken apart for it.
        let isTakenApart = !backend.takesDilationAndGroups && geometry.dilation * geometry.groups > 1
        if fused || isTakenApart {
          try backend.convolveAny(
            x[0], weight: x[1], bias: bias.map { x[$0] }, geometry: geometry, activation: activation,
            residual: residual.map { x[$0] }, to: out)
        } else {
          try backend.conv2d(x[0], weight: x[1], geometry, to: out)
        }
      },
      oracle: { x in
        let exact = ProductOracle.convolution(
          x[0], weight: x[1], bias: bias.map { x[$0] }, geometry, outShape: outShape)
        let expected = mayShareErrors ? exact.sharingErrors(within: 3, shape: outShape) : exact
        return expected.finished(activation, residual: residual.map { x[$0] })
      })
  }

  private static func shapes() -> [ConvolutionSetting] {
    var result: [ConvolutionSetting] = []
    for kernel in [(1, 1), (3, 3), (5, 3), (1, 3), (2, 2), (4, 4)] {
      for stride in 1...3 {
        for (before, after) in [(0, 0), (1, 1), (0, 1), (2, 0), (3, 4)] {
          for upsampling in 1...2 {
            let geometry = ConvolutionGeometry(
              stride: stride, paddingBefore: before, paddingAfter: after, upsampling: upsampling)
            result.append(
              ConvolutionSetting(batch: 2, height: 6, width: 5, input: 3, output: 2, kernel: kernel, geometry: geometry)
            )
          }
        }
      }
    }
    // Extents of 0 and 1; a kernel larger than the image; no channels; the depthwise-looking one-channel ends.
    for (batch, height, width, input, output) in [
      (1, 1, 1, 1, 1), (1, 1, 9, 4, 3), (3, 7, 1, 2, 5), (0, 4, 4, 2, 2), (2, 4, 4, 0, 3), (2, 4, 4, 3, 0),
      (1, 0, 4, 2, 2), (1, 2, 2, 17, 1), (1, 4, 4, 1, 33), (1, 5, 5, 16, 16),
    ] {
      result.append(ConvolutionSetting(batch: batch, height: height, width: width, input: input, output: output))
    }
    result.append(ConvolutionSetting(height: 2, width: 2, kernel: (5, 5), geometry: ConvolutionGeometry(padding: 0)))
    // Tiles: 384 positions, 64 and 16 columns, several of each; the shapes that models use, narrowed.
    for (height, width, input, output) in [(20, 20, 5, 67), (29, 31, 4, 9), (13, 64, 33, 18), (8, 8, 64, 130)] {
      result.append(ConvolutionSetting(height: height, width: width, input: input, output: output))
      result.append(
        ConvolutionSetting(
          batch: 2, height: height, width: width, input: input, output: output, kernel: (1, 1),
          geometry: ConvolutionGeometry()))
    }
    // Enough channels for fast methods: several tiles with ragged ends, several runs of channels, all paddings.
    for (batch, height, width, input, output) in [
      (2, 4, 4, 16, 16), (1, 17, 19, 40, 50), (3, 9, 6, 130, 37), (1, 8, 12, 257, 64), (1, 30, 33, 17, 16),
    ] {
      for geometry in [
        ConvolutionGeometry(padding: 1), ConvolutionGeometry(),
        ConvolutionGeometry(stride: 1, paddingBefore: 0, paddingAfter: 2),
        ConvolutionGeometry(padding: 1, upsampling: 2),
      ] {
        result.append(
          ConvolutionSetting(
            batch: batch, height: height, width: width, input: input, output: output, geometry: geometry,
            types: [.f32, geometry.upsampling == 2 ? .f16 : .f32, .f32, .f32, .f32]))
      }
    }
    result.append(
      ConvolutionSetting(
        height: 41, width: 37, input: 3, output: 5,
        geometry: ConvolutionGeometry(stride: 2, paddingBefore: 0, paddingAfter: 1)))
    result.append(
      ConvolutionSetting(
        height: 11, width: 19, input: 6, output: 8, geometry: ConvolutionGeometry(padding: 1, upsampling: 2)))
    return result
  }

  /// Depth-wise with one output for each channel and with several, groups of few and of many channels, all of it with
  /// holes in the kernel, strides and doubled pixels.
  private static func dilatedAndGrouped() -> [ConvolutionSetting] {
    var result: [ConvolutionSetting] = []
    for (input, output, groups) in [
      (3, 2, 1), (5, 5, 5), (4, 8, 4), (6, 4, 2), (9, 6, 3), (16, 16, 16), (34, 34, 34), (40, 36, 2), (66, 70, 2),
    ] {
      for (dilation, stride, padding, upsampling) in [
        (1, 1, 1, 1), (2, 1, 2, 1), (3, 1, 1, 1), (2, 2, 2, 1), (1, 2, 0, 2), (2, 1, 1, 2),
      ] where groups > 1 || dilation > 1 {
        let geometry = ConvolutionGeometry(
          stride: stride, padding: padding, upsampling: upsampling, dilation: dilation, groups: groups)
        result.append(
          ConvolutionSetting(
            batch: 2, height: 7, width: 8, input: input, output: output, geometry: geometry,
            types: input % 2 == 0 ? [.f16, .f16, .f32, .f32, .f32] : [.f32, .f32, .f32, .f32, .f32]))
        result.append(
          ConvolutionSetting(
            height: 9, width: 6, input: input, output: output, kernel: (2, 3), geometry: geometry,
            types: [.f32, .bf16, .f16, .f32, .f16], layouts: [.sliced, .transposed(4), .contiguous, .stepped],
            out: .sliced))
      }
      // A kernel that reaches beyond the image, and no images.
      let wide = ConvolutionGeometry(padding: 5, dilation: 5, groups: groups)
      result.append(ConvolutionSetting(height: 2, width: 3, input: input, output: output, geometry: wide))
      result.append(ConvolutionSetting(batch: 0, input: input, output: output, geometry: wide))
    }
    for (groups, channels) in [(37, 37), (2, 66), (4, 144)] {
      result.append(
        ConvolutionSetting(
          height: 33, width: 29, input: channels, output: channels,
          geometry: ConvolutionGeometry(padding: 2, dilation: 2, groups: groups)))
    }
    result.append(
      ConvolutionSetting(
        height: 19, width: 23, input: 32, output: 24, geometry: ConvolutionGeometry(padding: 4, dilation: 4)))
    return result
  }

  private static func placements() -> [ConvolutionSetting] {
    let channelsFirst = Layout.permuted([0, 3, 1, 2])
    let layouts = Layout.sources(4) + [channelsFirst, .permuted([0, 3, 1, 2], padding: 1), .broadcast([0, 1, 2])]
    var result: [ConvolutionSetting] = []
    for (index, layout) in layouts.enumerated() {
      let other = layouts[(index * 3 + 1) % layouts.count]
      result.append(ConvolutionSetting(batch: 2, layouts: [layout, other, .stepped, .sliced]))
      result.append(
        ConvolutionSetting(
          batch: 2, kernel: (1, 1), geometry: ConvolutionGeometry(), layouts: [layout, other, .broadcast([0]), layout]))
    }
    for out in Layout.destinations(4) + [channelsFirst] {
      result.append(ConvolutionSetting(batch: 2, layouts: [.sliced, .sliced, .offset, .transposed(4)], out: out))
      result.append(ConvolutionSetting(types: [.f16, .f16, .f32, .bf16, .f16], out: out))
    }
    return result
  }
}
