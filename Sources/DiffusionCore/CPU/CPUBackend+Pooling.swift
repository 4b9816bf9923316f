// SPDX-License-Identifier: Apache-2.0

import CKernels

extension CPUBackend {
  /// The elements of a window are taken pixel by pixel, all channels of one at a time.
  public func pool(_ pooling: Pooling, _ x: Operand, geometry: PoolingGeometry, to out: Operand) throws {
    let (batch, channels, positions) = (x.shape[0], x.shape[3], out.shape[1] * out.shape[2])
    guard out.shape.elementCount > 0 else { return }
    let input = try floats(x)
    var windows = ck_im2col_geometry()
    windows.height = Int64(x.shape[1])
    windows.width = Int64(x.shape[2])
    windows.channels = Int64(channels)
    windows.pixel = Int64(channels)
    windows.kernel_height = Int64(geometry.kernelHeight)
    windows.kernel_width = Int64(geometry.kernelWidth)
    windows.out_width = Int64(out.shape[2])
    windows.stride = Int64(geometry.stride)
    windows.padding = Int64(geometry.padding)
    windows.upsampling = 1
    windows.dilation = 1
    let (isMean, countsPadding) =
      switch pooling {
      case .max: (false, false)
      case .average(let countsPadding): (true, countsPadding)
      }
    let grain = max(1, (16 << 10) / channels)
    let runs = positions.dividedRoundingUp(by: grain)
    try withFloats(out) { target in
      threads.forEach(batch * runs) { piece, _ in
        let (sample, first) = (piece / runs, piece % runs * grain)
        withUnsafePointer(to: windows) {
          kernels.pointer.pointee.pool(
            target + (sample * positions + first) * channels,
            floatAddress(input) + sample * x.shape[1] * x.shape[2] * channels, $0, isMean, countsPadding,
            Int64(first), Int64(min(grain, positions - first)))
        }
      }
    }
    withExtendedLifetime(input) {}
  }
}
