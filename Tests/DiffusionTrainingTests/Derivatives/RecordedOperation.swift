// SPDX-License-Identifier: Apache-2.0

import DiffusionCore
import DiffusionTraining

/// The operations of the recorded gradients, made of tensors' operations.
struct RecordedOperation {
  let operation: String
  let parameters: [String: Any]

  private var activation: Activation { Activation(rawValue: parameters.string("activation")) ?? .none }

  /// - Parameter inputs: images and kernels are channels-last.
  func callAsFunction(_ inputs: [String: Tensor]) throws -> Tensor {
    func input(_ name: String) throws -> Tensor {
      guard let tensor = inputs[name] else { throw Missing(name: name) }
      return tensor
    }
    func int(_ name: String, or other: Int = 0) -> Int { parameters.int(name) ?? other }
    func float(_ name: String, or other: Float) -> Float { parameters.number(name) ?? other }
    switch operation {
    case "linear":
      return try input("x").linear(
        weight: input("weight"), bias: inputs["bias"], activation: activation, residual: inputs["residual"])
    case "gated_linear": return try input("x").gatedLinear(weight: input("weight"), bias: input("bias"))
    case "lora_linear":
      let base = try input("x").linear(weight: input("weight"))
      return try input("x").linear(weight: input("down")).linear(weight: input("up"), residual: base)
    case "matmul": return try input("a").matmul(input("b"))
    case "convolution":
      let geometry = ConvolutionGeometry(
        stride: int("stride", or: 1), paddingBefore: int("before"), paddingAfter: int("after"),
        upsampling: int("upsampling", or: 1))
      return try input("x").convolution(
        weight: input("weight"), bias: inputs["bias"], geometry: geometry, activation: activation,
        residual: inputs["residual"])
    case "group_norm":
      return try input("x").groupNorm(
        groups: int("groups"), gamma: input("gamma"), beta: input("beta"), epsilon: float("epsilon", or: 0),
        activation: activation)
    case "layer_norm":
      return try input("x").layerNorm(gamma: input("gamma"), beta: input("beta"), epsilon: float("epsilon", or: 0))
    case "attention": return try Tensor.attention(input("q"), input("k"), input("v"), heads: int("heads"))
    case "split_attention": return try splitAttention(inputs)
    case "softmax": return try input("x").softmax(scale: float("scale", or: 1))
    case "exp": return try input("x").exp()
    case "log": return try input("x").log()
    case "sqrt": return try input("x").sqrt()
    case "abs": return try input("x").abs()
    case "sigmoid": return try input("x").sigmoid()
    case "silu": return try input("x").silu()
    case "gelu": return try input("x").gelu()
    case "affine": return try input("x").affine(scale: float("scale", or: 1), offset: float("offset", or: 0))
    case "add": return try input("a") + input("b")
    case "subtract": return try input("a") - input("b")
    case "multiply": return try input("a") * input("b")
    case "divide": return try input("a") / input("b")
    case "maximum": return try Tensor.maximum(input("a"), input("b"))
    case "minimum": return try Tensor.minimum(input("a"), input("b"))
    case "select":
      return try Tensor.select(input("condition") > float("threshold", or: 0), input("a"), input("b"))
    case "resample":
      let rows = parameters["indices"] as? [[Int]] ?? []
      let taps = ResampleTaps(
        inputExtent: try input("x").shape[int("axis")], outputExtent: rows.count, width: rows.first?.count ?? 0,
        indices: rows.flatMap { $0.map(Int32.init) }, weights: try input("taps").floats())
      return try input("x").resampled(axis: int("axis"), taps: taps)
    case "resize_bicubic": return try input("x").resizedBicubic(factor: int("factor"))
    case "concatenate":
      return try Tensor.concatenate(inputs.keys.sorted().compactMap { inputs[$0] }, axis: int("axis"))
    case "slice": return try input("x").sliced(axis: int("axis"), int("start")..<int("end"))
    case "reshape": return try input("x").reshaped(Shape(parameters.ints("shape") ?? []))
    case "transpose":
      let view = try input("x").operand.view.permuted(parameters.ints("axes") ?? [])
      return try Tensor(input("x").operand.with(view), on: input("x").backend)
    case "broadcast": return try input("x").broadcast(to: Shape(parameters.ints("shape") ?? []))
    case "sum": return try input("x").sum()
    case "mean": return try input("x").mean()
    case "max": return try input("x").max()
    case "mse": return try Loss.meanSquaredError(input("a"), input("b"))
    case "l1": return try Loss.meanAbsoluteError(input("a"), input("b"))
    case "kl": return try Loss.divergence(mean: input("mean"), logVariance: input("logvar"))
    default: throw Missing(name: operation)
    }
  }

  /// Both branches of the cross-attention; each token takes that of its region.
  private func splitAttention(_ inputs: [String: Tensor]) throws -> Tensor {
    func input(_ name: String) throws -> Tensor {
      guard let tensor = inputs[name] else { throw Missing(name: name) }
      return tensor
    }
    func projected(_ x: Tensor, _ name: String, _ branch: String) throws -> Tensor {
      try x.linear(weight: input("\(name)_down_\(branch)")).linear(
        weight: input("\(name)_up_\(branch)"), residual: x.linear(weight: input(name)))
    }
    func attended(_ branch: String, _ context: Tensor) throws -> Tensor {
      try Tensor.attention(
        projected(input("x"), "q", branch), projected(context, "k", branch), projected(context, "v", branch),
        heads: parameters.int("heads") ?? 1)
    }
    let thresholds = parameters.floats("t_s") ?? []
    let shifted = try input("mask") - Tensor(thresholds, shape: [thresholds.count, 1, 1], on: input("mask").backend)
    return try Tensor.select(shifted, attended("fg", input("foreground")), attended("bg", input("background")))
  }

  struct Missing: Error {
    let name: String
  }
}
