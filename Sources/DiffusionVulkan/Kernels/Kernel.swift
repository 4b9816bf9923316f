// SPDX-License-Identifier: Apache-2.0

import DiffusionShaders

/// The compute shaders, each named like its file in `Shaders/`.
enum Kernel: Hashable, CaseIterable {
  case fill, copy, unary, binary, select
  case reduce, softmax, layerNorm
  case matmul, gatedLinear, convolution
  case resample, pool, groupedConvolution
  case groupNormPartials, groupNormMoments, groupNorm
  case attention
  case reduceSubgroups, softmaxSubgroups, layerNormSubgroups, groupNormPartialsSubgroups, groupNormMomentsSubgroups
  case attentionSubgroups
  case sumSplits
  case activationGradient, gateGradient, softmaxGradient, softmaxGradientSubgroups
  case layerNormGradient, layerNormGradientSubgroups
  case columnSums, groupNormProducts, groupNormSums, groupNormGradient
  case convolutionWeightGradient, attentionGradient, adamw
  case matmulMatrix, gatedLinearMatrix, convolutionMatrix, attentionMatrix
  case matmulMatrixEmulated, gatedLinearMatrixEmulated, convolutionMatrixEmulated, attentionMatrixEmulated
  case matmulLanes, gatedLinearLanes, convolutionLanes, attentionLanes

  /// Whether it counts on subgroups being full and of the size that the device reports.
  var countsOnFullSubgroups: Bool {
    switch self {
    case .attentionSubgroups, .matmulMatrix, .gatedLinearMatrix, .convolutionMatrix, .attentionMatrix, .matmulLanes,
      .gatedLinearLanes, .convolutionLanes, .attentionLanes:
      true
    default: false
    }
  }

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
    case .pool: ShaderBinaries.pool
    case .groupedConvolution: ShaderBinaries.groupedConvolution
    case .groupNormPartials: ShaderBinaries.groupNormPartials
    case .groupNormMoments: ShaderBinaries.groupNormMoments
    case .groupNorm: ShaderBinaries.groupNorm
    case .attention: ShaderBinaries.attention
    case .reduceSubgroups: ShaderBinaries.reduceSubgroups
    case .softmaxSubgroups: ShaderBinaries.softmaxSubgroups
    case .layerNormSubgroups: ShaderBinaries.layerNormSubgroups
    case .groupNormPartialsSubgroups: ShaderBinaries.groupNormPartialsSubgroups
    case .groupNormMomentsSubgroups: ShaderBinaries.groupNormMomentsSubgroups
    case .attentionSubgroups: ShaderBinaries.attentionSubgroups
    case .sumSplits: ShaderBinaries.sumSplits
    case .activationGradient: ShaderBinaries.activationGradient
    case .gateGradient: ShaderBinaries.gateGradient
    case .softmaxGradient: ShaderBinaries.softmaxGradient
    case .softmaxGradientSubgroups: ShaderBinaries.softmaxGradientSubgroups
    case .layerNormGradient: ShaderBinaries.layerNormGradient
    case .layerNormGradientSubgroups: ShaderBinaries.layerNormGradientSubgroups
    case .columnSums: ShaderBinaries.columnSums
    case .groupNormProducts: ShaderBinaries.groupNormProducts
    case .groupNormSums: ShaderBinaries.groupNormSums
    case .groupNormGradient: ShaderBinaries.groupNormGradient
    case .convolutionWeightGradient: ShaderBinaries.convolutionWeightGradient
    case .attentionGradient: ShaderBinaries.attentionGradient
    case .adamw: ShaderBinaries.adamw
    case .matmulMatrix: MatrixShaderBinaries.matmulMatrix
    case .matmulMatrixEmulated: ShaderBinaries.matmulMatrixEmulated
    case .gatedLinearMatrix: MatrixShaderBinaries.gatedLinearMatrix
    case .gatedLinearMatrixEmulated: ShaderBinaries.gatedLinearMatrixEmulated
    case .convolutionMatrix: MatrixShaderBinaries.convolutionMatrix
    case .convolutionMatrixEmulated: ShaderBinaries.convolutionMatrixEmulated
    case .attentionMatrix: MatrixShaderBinaries.attentionMatrix
    case .attentionMatrixEmulated: ShaderBinaries.attentionMatrixEmulated
    case .matmulLanes: ShaderBinaries.matmulLanes
    case .gatedLinearLanes: ShaderBinaries.gatedLinearLanes
    case .convolutionLanes: ShaderBinaries.convolutionLanes
    case .attentionLanes: ShaderBinaries.attentionLanes
    }
  }
}
