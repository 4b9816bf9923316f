import DiffusionShaders

/// The compute shaders, each named like its file in `Shaders/`.
enum Kernel: Hashable, CaseIterable {
  case fill, copy, unary, binary, select
  case reduce, softmax, layerNorm
  case matmul, gatedLinear, convolution
  case resample
  case groupNormPartials, groupNormMoments, groupNorm
  case attention

  /// SPIR-V in base64.
  var binary: StaticString {
    switch self {
    case .fill: ShaderBinaries.fill
    case .copy: ShaderBinaries.copy
    case .unary: ShaderBinaries.unary
    case .binary: ShaderBinaries.binary
    case .select: ShaderBinaries.select
    case .reduce: ShaderBinaries.reduce
    case .softmax: ShaderBinaries.softmax
    case .layerNorm: ShaderBinaries.layerNorm
    case .matmul: ShaderBinaries.matmul
    case .gatedLinear: ShaderBinaries.gatedLinear
    case .convolution: ShaderBinaries.convolution
    case .resample: ShaderBinaries.resample
    case .groupNormPartials: ShaderBinaries.groupNormPartials
    case .groupNormMoments: ShaderBinaries.groupNormMoments
    case .groupNorm: ShaderBinaries.groupNorm
    case .attention: ShaderBinaries.attention
    }
  }
}
