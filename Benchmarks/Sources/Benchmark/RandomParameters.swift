import DiffusionCore

/// Weights of any network, random and harmless: what they are does not change how long it takes.
struct RandomParameters: ParameterSource {
  let backend: any Backend
  let dtype: DType
  private let block: [Float]

  init(backend: any Backend, dtype: DType) {
    self.backend = backend
    self.dtype = dtype
    var generator = SystemRandomNumberGenerator()
    block = (0..<1 << 20).map { _ in Float.random(in: -0.02...0.02, using: &generator) }
  }

  func contains(_ key: String) -> Bool { true }

  func parameter(_ key: String, shape: Shape) throws -> Tensor {
    let count = shape.elementCount
    if shape.rank == 1 {
      return try Tensor(repeating: key.hasSuffix("weight") ? 1 : 0, shape: shape, dtype: dtype, on: backend)
    }
    let tensor = try Tensor(uninitialized: [count], dtype: dtype, on: backend)
    let source = try Tensor(block, shape: [block.count], on: backend)
    var start = 0
    while start < count {
      let end = min(start + block.count, count)
      try backend.copy(
        source.sliced(axis: 0, 0..<end - start).operand,
        to: tensor.operand.with(tensor.operand.view.sliced(axis: 0, start..<end)))
      start = end
    }
    return try tensor.reshaped(shape)
  }
}
