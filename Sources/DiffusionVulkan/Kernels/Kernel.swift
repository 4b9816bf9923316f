// SPDX-License-Identifier: Apache-2.0

import DiffusionShaders

/// A compute shader. Each has its line here, and the name of its file in `Shaders/`.
struct Kernel: Hashable, CustomStringConvertible {
  /// Its name.
  let description: String
  /// SPIR-V in base64.
  let binary: StaticString

  private init(_ name: String, _ binary: StaticString) {
    description = name
    self.binary = binary
  }

  static func == (a: Kernel, b: Kernel) -> Bool { a.binary.utf8Start == b.binary.utf8Start }

  /// What is made of a shader is the same wherever its binary is: of two with one binary, one is enough.
  func hash(into hasher: inout Hasher) { hasher.combine(binary.utf8Start) }

  static let fill = Kernel("fill", ShaderBinaries.fill)
  static let copy = Kernel("copy", ShaderBinaries.copy)
  static let unary = Kernel("unary", ShaderBinaries.unary)
  static let binary = Kernel("binary", ShaderBinaries.binary)
  static let select = Kernel("select", ShaderBinaries.select)
  static let reduce = Kernel("reduce", ShaderBinaries.reduce)
  static let softmax = Kernel("softmax", ShaderBinaries.softmax)
  static let layerNorm = Kernel("layerNorm", ShaderBinaries.layerNorm)
  static let matmul = Kernel("matmul", ShaderBinaries.matmul)
  static let gatedLinear = Kernel("gatedLinear", ShaderBinaries.gatedLinear)
  static let convolution = Kernel("convolution", ShaderBinaries.convolution)
  static let resample = Kernel("resample", ShaderBinaries.resample)
  static let pool = Kernel("pool", ShaderBinaries.pool)
  static let groupedConvolution = Kernel("groupedConvolution", ShaderBinaries.groupedConvolution)
  static let groupNormPartials = Kernel("groupNormPartials", ShaderBinaries.groupNormPartials)
  static let groupNormMoments = Kernel("groupNormMoments", ShaderBinaries.groupNormMoments)
  static let groupNorm = Kernel("groupNorm", ShaderBinaries.groupNorm)
  static let attention = Kernel("attention", ShaderBinaries.attention)
  static let reduceSubgroups = Kernel("reduceSubgroups", ShaderBinaries.reduceSubgroups)
  static let softmaxSubgroups = Kernel("softmaxSubgroups", ShaderBinaries.softmaxSubgroups)
  static let layerNormSubgroups = Kernel("layerNormSubgroups", ShaderBinaries.layerNormSubgroups)
  static let groupNormPartialsSubgroups = Kernel(
    "groupNormPartialsSubgroups", ShaderBinaries.groupNormPartialsSubgroups)
  static let groupNormMomentsSubgroups = Kernel("groupNormMomentsSubgroups", ShaderBinaries.groupNormMomentsSubgroups)
  static let attentionSubgroups = Kernel("attentionSubgroups", ShaderBinaries.attentionSubgroups)
  static let sumSplits = Kernel("sumSplits", ShaderBinaries.sumSplits)
  static let activationGradient = Kernel("activationGradient", ShaderBinaries.activationGradient)
  static let gateGradient = Kernel("gateGradient", ShaderBinaries.gateGradient)
  static let softmaxGradient = Kernel("softmaxGradient", ShaderBinaries.softmaxGradient)
  static let softmaxGradientSubgroups = Kernel("softmaxGradientSubgroups", ShaderBinaries.softmaxGradientSubgroups)
  static let layerNormGradient = Kernel("layerNormGradient", ShaderBinaries.layerNormGradient)
  static let layerNormGradientSubgroups = Kernel(
    "layerNormGradientSubgroups", ShaderBinaries.layerNormGradientSubgroups)
  static let columnSums = Kernel("columnSums", ShaderBinaries.columnSums)
  static let groupNormProducts = Kernel("groupNormProducts", ShaderBinaries.groupNormProducts)
  static let groupNormSums = Kernel("groupNormSums", ShaderBinaries.groupNormSums)
  static let groupNormGradient = Kernel("groupNormGradient", ShaderBinaries.groupNormGradient)
  static let convolutionWeightGradient = Kernel("convolutionWeightGradient", ShaderBinaries.convolutionWeightGradient)
  static let attentionGradient = Kernel("attentionGradient", ShaderBinaries.attentionGradient)
  static let adamw = Kernel("adamw", ShaderBinaries.adamw)
  static let matmulMatrix = Kernel("matmulMatrix", MatrixShaderBinaries.matmulMatrix)
  static let matmulMatrixEmulated = Kernel("matmulMatrixEmulated", ShaderBinaries.matmulMatrixEmulated)
  static let gatedLinearMatrix = Kernel("gatedLinearMatrix", MatrixShaderBinaries.gatedLinearMatrix)
  static let gatedLinearMatrixEmulated = Kernel("gatedLinearMatrixEmulated", ShaderBinaries.gatedLinearMatrixEmulated)
  static let convolutionMatrix = Kernel("convolutionMatrix", MatrixShaderBinaries.convolutionMatrix)
  static let convolutionMatrixEmulated = Kernel("convolutionMatrixEmulated", ShaderBinaries.convolutionMatrixEmulated)
  static let attentionMatrix = Kernel("attentionMatrix", MatrixShaderBinaries.attentionMatrix)
  static let attentionMatrixEmulated = Kernel("attentionMatrixEmulated", ShaderBinaries.attentionMatrixEmulated)
  static let matmulLanes = Kernel("matmulLanes", ShaderBinaries.matmulLanes)
  static let gatedLinearLanes = Kernel("gatedLinearLanes", ShaderBinaries.gatedLinearLanes)
  static let convolutionLanes = Kernel("convolutionLanes", ShaderBinaries.convolutionLanes)
  static let attentionLanes = Kernel("attentionLanes", ShaderBinaries.attentionLanes)

  private static let subgroupKernels: Set<Kernel> = [
    .attentionSubgroups, .matmulMatrix, .gatedLinearMatrix, .convolutionMatrix, .attentionMatrix, .matmulLanes,
    .gatedLinearLanes, .convolutionLanes, .attentionLanes,
  ]

  /// Whether it counts on subgroups being full and of the size that the device reports.
  var countsOnFullSubgroups: Bool { Self.subgroupKernels.contains(self) }
}
