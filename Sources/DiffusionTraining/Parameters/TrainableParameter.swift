// SPDX-License-Identifier: Apache-2.0

import DiffusionCore

/// A parameter that learns: a variable of a tape, which the model holds too.
public struct TrainableParameter: Sendable {
  /// How the axes of the value lie beside those of the checkpoint.
  public enum Order: Sendable, Hashable {
    /// As in the checkpoint.
    case checkpoint
    /// A convolution's weight: `[out, kh, kw, in]` instead of `[out, in, kh, kw]`.
    case channelsLast
  }

  /// Its key in a checkpoint.
  public let key: String
  /// The variable, contiguous and `f32`. ``Tape/assign(_:to:)`` changes it for the model too.
  public let value: Tensor
  /// The order of the value's axes.
  public let order: Order

  /// A parameter.
  ///
  /// - Parameter value: from ``Tape/variable(_:)``.
  public init(key: String, value: Tensor, order: Order) {
    self.key = key
    self.value = value
    self.order = order
  }

  /// A tensor in the value's order of axes, such as a gradient or a moment, as a view in the checkpoint's.
  public func inCheckpointOrder(_ tensor: Tensor) -> Tensor {
    order == .channelsLast ? tensor.transposed(0, 3, 1, 2) : tensor
  }

  /// A tensor in the checkpoint's order of axes as a view in the value's.
  public func fromCheckpointOrder(_ tensor: Tensor) -> Tensor {
    order == .channelsLast ? tensor.transposed(0, 2, 3, 1) : tensor
  }
}
