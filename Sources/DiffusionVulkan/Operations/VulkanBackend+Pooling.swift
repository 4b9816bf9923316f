// SPDX-License-Identifier: Apache-2.0

import DiffusionCore
import DiffusionShaders

extension VulkanBackend {
  public func pool(_ pooling: Pooling, _ x: Operand, geometry: PoolingGeometry, to out: Operand) throws {
    guard out.shape.elementCount > 0 else { return }
    let windows = [try window(out), try window(x)]
    let number =
      switch pooling {
      case .max: 0
      case .average(let countsPadding): countsPadding ? 2 : 1
      }
    let arguments = PoolArguments(
      count: out.shape.elementCount, channels: out.shape[3], height: x.shape[1], width: x.shape[2],
      outHeight: out.shape[1], outWidth: out.shape[2], kernelHeight: geometry.kernelHeight,
      kernelWidth: geometry.kernelWidth, stride: geometry.stride, padding: geometry.padding,
      outOffset: windows[0].elementOffset, outStrides: out.view.strides, xOffset: windows[1].elementOffset,
      xStrides: x.view.strides)
    try run(
      .pool, outputConstants(out, x, pooling: number), windows, arguments,
      groupLimits.flat(out.shape.elementCount.dividedRoundingUp(by: 256)))
  }
}
