// SPDX-License-Identifier: Apache-2.0

/// Reference pictures that the self-attentions of the U-Net look at while a sketch is coloured: attention injection, as in
/// the published ColorizeDiffusion application, for one picture and for several areas of the sketch.
///
/// Before a step a picture's latent is noised to the step's timestep and goes through the same U-Net, with the step's
/// context and masks. Each self-attention keeps its keys and values on the way, and those of the sketch's pass find them
/// beside their own. Two rows do for any batch: one with the context, and one without, for the branch that does not see
/// the reference.
public struct InjectedReference: Sendable {
  /// A picture that is injected.
  public struct Picture: Sendable {
    /// The picture's latent at the model's scale, `[1, h, w, C]`, of the size of those that are sampled.
    public let latent: Tensor
    /// The sketch encoder's features for the picture's own pass, `[1, ...]` each; none are zeros.
    public let hints: [Tensor]
    /// The area of the sketch that looks at it, where the context has several, see ``ReferenceContext/init(areas:labels:)``.
    public let area: Int

    /// - Parameters:
    ///   - latent: `[1, h, w, C]`.
    ///   - hints: as many as the U-Net takes, or none.
    ///   - area: 0 where there is one.
    public init(latent: Tensor, hints: [Tensor], area: Int = 0) {
      self.latent = latent
      self.hints = hints
      self.area = area
    }
  }

  /// At least one.
  public let pictures: [Picture]
  /// From which progress `1 - t / 999` on the picture is injected: 0 in the whole run.
  public let start: Double
  /// How much the branch without the reference keeps of what it finds by itself, 0...1: at 1 it does not see the picture,
  /// which makes guidance push towards it.
  public let fidelity: Float
  /// Below it, the branch without the reference is injected like the others.
  static let leastFidelity: Float = 1e-5

  private let noise: Locked<any NoiseSource>

  /// - Parameters:
  ///   - pictures: at least one; with several areas, one or more for each.
  ///   - start: 0...1.
  ///   - fidelity: 0...1.
  ///   - noise: where the noise comes from, asked for in the shape `[1, C, h, w]` for each picture before each step.
  public init(pictures: [Picture], start: Double, fidelity: Float, noise: any NoiseSource) {
    precondition(!pictures.isEmpty, "no picture to inject")
    self.pictures = pictures
    self.start = start
    self.fidelity = fidelity
    self.noise = Locked(noise)
  }

  /// Whether the picture acts at a timestep of a process of `count` timesteps.
  func acts(at timestep: Double, of count: Int) -> Bool { 1 - timestep / Double(max(count - 1, 1)) >= start }

  /// The latents with fresh noise, at the whole timestep that is next.
  func noised(at timestep: Double, _ schedule: NoiseSchedule) throws -> [Tensor] {
    let whole = min(max(timestep, 0), schedule.lastTimestep).rounded(.toNearestOrEven)
    let weights = schedule.noisingWeights(at: Int(whole))
    return try pictures.map { picture in
      let latent = picture.latent
      let shape = [1, latent.shape[3], latent.shape[1], latent.shape[2]]
      let values = try noise.mutate { try $0.normals(shape: shape) }
      let noise = try Tensor(values, shape: Shape(shape), on: latent.backend).transposed(0, 2, 3, 1)
      return try latent * Float(weights.image) + noise.contiguous() * Float(weights.noise)
    }
  }

  /// How much noise is left, where it was recorded.
  package var remainingNoise: Int? { (noise.value as? RecordedNoise)?.remaining }
}
