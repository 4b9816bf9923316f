import Colorize
import DiffusionCore

/// Everything that decided a picture, as it is stored in the PNG under `parameters` and printed with `--json`.
///
/// Files by their names without folders: pictures are passed on, and a path tells of its owner.
struct StoredOptions: Codable {
  var version: String
  var model: String
  var prediction: String
  var backend: String
  var sketch: String
  var reference: String
  var sketchMask: String?
  var referenceMask: String?
  var background: String?
  var alphaMasks: Bool
  var mode: String
  var polarity: String
  var size: Int?
  var width: Int
  var height: Int
  var vaeTile: Int?
  var frame: String
  var count: Int
  var steps: Int
  var seed: UInt64
  var noise: String
  var sampler: String
  var schedule: String
  var guidance: Double
  var sketchGuidance: Double
  var guidanceInterval: [Double]
  var strength: Float
  var strengthLevels: [String: Float]?
  var foregroundStrength: Float
  var backgroundStrength: Float
  var sketchStrength: Float
  var merge: Float
  var sketchThreshold: Float
  var referenceThreshold: Float
  var contextLayout: String

  /// - Parameters:
  ///   - request: what was asked for; automatic choices come from the summary.
  ///   - index: which of the pictures.
  init(
    _ request: ColorizeRequest, _ summary: ColorizeResult.Summary, model: Model, inputs: InputNames,
    strengths: StrengthOptions, picture index: Int
  ) {
    version = Tool.version
    self.model = Self.name(summary.model)
    prediction = model.configuration.prediction.rawValue
    backend = summary.backend
    sketch = Self.name(inputs.sketch)
    reference = Self.name(inputs.reference)
    sketchMask = inputs.sketchMask.map(Self.name)
    referenceMask = inputs.referenceMask.map(Self.name)
    background = inputs.background.map(Self.name)
    alphaMasks = inputs.alphaMasks
    mode = summary.mode.rawValue
    polarity = summary.polarity == .lightOnDark ? PolarityChoice.lightOnDark.rawValue : "dark-on-light"
    size = request.size
    width = summary.width
    height = summary.height
    vaeTile = summary.vaeTile
    frame = request.frame.rawValue
    count = request.count
    steps = summary.steps
    seed = summary.seeds.indices.contains(index) ? summary.seeds[index] : request.seed
    noise = summary.noise.rawValue
    sampler = summary.sampler.rawValue
    schedule = summary.schedule.rawValue
    guidance = summary.referenceGuidance
    sketchGuidance = summary.sketchGuidance
    guidanceInterval = [request.guidance.interval.lowerBound, request.guidance.interval.upperBound]
    strength = strengths.strength
    let levels = strengths.strengthLevel.map { ($0.level.rawValue, $0.factor) }
    strengthLevels = levels.isEmpty ? nil : Dictionary(levels) { $1 }
    foregroundStrength = request.foregroundStrength
    backgroundStrength = request.backgroundStrength
    sketchStrength = request.sketchStrength
    merge = request.merge
    sketchThreshold = request.sketchThreshold
    referenceThreshold = request.referenceThreshold
    contextLayout = request.contextLayout.rawValue
  }

  /// The last component of a path.
  private static func name(_ path: String) -> String {
    path.split(separator: "/").last.map(String.init) ?? path
  }
}

/// What the inputs of a run are called.
struct InputNames {
  var sketch: String
  var reference: String
  var sketchMask: String?
  var referenceMask: String?
  var background: String?
  var alphaMasks = false
}
