import DiffusionCore

/// Parameters that depend on their key and shape alone, so that any two backends get the same network.
struct SeededParameters: ParameterSource {
  let backend: any Backend

  func parameter(_ key: String, shape: Shape) throws -> Tensor {
    // FNV-1a of the key, then a linear congruential generator: the library's own generators are tested elsewhere.
    var state = key.utf8.reduce(0xcbf2_9ce4_8422_2325 as UInt64) { ($0 ^ UInt64($1)) &* 0x100_0000_01b3 }
    let inputs = Float(max(1, shape.dropFirst().reduce(1, *)))
    // Weights of a product keep the size of what goes through them; scales of norms lie about 1.
    let (centre, spread): (Float, Float) =
      shape.rank > 1 ? (0, (3 / inputs).squareRoot()) : key.hasSuffix("weight") ? (1, 0.2) : (0, 0.2)
    let values = (0..<shape.elementCount).map { _ in
      state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      return centre + spread * (Float(state >> 40) * 0x1p-23 - 1)
    }
    return try Tensor(values, shape: shape, on: backend)
  }

  func contains(_ key: String) -> Bool { true }
}
