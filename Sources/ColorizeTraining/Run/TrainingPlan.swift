// SPDX-License-Identifier: Apache-2.0

import Colorize
import DiffusionCore
import DiffusionTraining

/// A training to be carried out: of a model, on a folder of pictures.
public struct TrainingPlan: Sendable {
  /// When a training is over.
  public enum Length: Sendable, Hashable {
    /// After so many steps in all, those before a resumption among them.
    case steps(Int)
    /// After so many seconds of this run.
    case seconds(Double)
  }

  /// What learns begins as it is here.
  public var model: Model
  /// The pictures.
  public var folder: TrainingFolder
  /// What a step does.
  public var settings: TrainingSettings
  /// How views of the pictures are made.
  public var views: ViewSettings
  /// The pictures' side; areas are its square.
  public var resolution: Int
  /// Which share of the pictures is held out to see how it goes, 0..<1.
  public var validationShare: Double
  /// When it is over.
  public var length: Length
  /// After how many steps a state is saved and pictures held out are looked at.
  public var saveInterval: Int
  /// After how many steps a contact sheet is made; nil for none.
  public var previewInterval: Int?
  /// How many states are kept.
  public var keptStateCount: Int
  /// Where the result goes.
  public var output: String
  /// What happens to a file that is there, and was not written by this run or by the one that goes on. With `keepBoth` the
  /// result goes beside it: ``TrainingRun/output`` says where.
  public var existing = ExistingFilePolicy.replace
  /// Where latents and tokens are kept; nil keeps none.
  public var cacheFolder: String?
  /// The most bytes of those.
  public var cacheLimit: Int
  /// Whether memory is looked at before it starts.
  public var checksMemory = true
  /// What the result says of its maker.
  public var software: String

  /// A training with the settings that suit the model.
  public init(
    model: Model, folder: TrainingFolder, output: String, software: String, settings: TrainingSettings? = nil,
    length: Length = .steps(500)
  ) {
    self.model = model
    self.folder = folder
    self.settings = settings ?? .suiting(model)
    self.output = output
    self.software = software
    self.length = length
    views = ViewSettings()
    resolution = model.configuration.imageSize
    validationShare = 0.1
    saveInterval = 100
    keptStateCount = 2
    cacheFolder = Self.stateFolder(of: output) + "/cache"
    cacheLimit = 4 << 30
  }

  /// The folder of a result's states: `my.state` of `my.safetensors`.
  public static func stateFolder(of output: String) -> String {
    let ending = ".safetensors"
    return (output.lowercased().hasSuffix(ending) ? String(output.dropLast(ending.count)) : output) + ".state"
  }

  /// The last state in a folder; nil where there is none.
  public static func lastState(in folder: String) -> String? {
    TrainingStates.steps(in: folder).last.map { TrainingStates.path(step: $0, in: folder) }
  }

  /// Whether a folder holds states.
  public static func hasStates(in folder: String) -> Bool { !TrainingStates.steps(in: folder).isEmpty }

  /// Where states are saved.
  public var stateFolder: String { Self.stateFolder(of: output) }
  /// Where a contact sheet goes.
  public func sheetPath(step: Int) -> String { "\(stateFolder)/sheet-\(TrainingStates.padded(step)).png" }

  /// - Throws: ``TrainingDataError/invalid(option:value:expected:)``.
  public func validate() throws(TrainingDataError) {
    func check(_ isValid: Bool, _ option: String, _ value: some Any, _ expected: String) throws(TrainingDataError) {
      guard isValid else { throw .invalid(option: option, value: "\(value)", expected: expected) }
    }
    switch length {
    case .steps(let count): try check((1...100_000_000).contains(count), "the number of steps", count, "1 to 100000000")
    case .seconds(let seconds):
      try check(seconds > 0 && seconds <= 1e8, "the time", seconds, "more than 0 seconds")
    }
    let multiple = model.configuration.sizeMultiple
    try check((multiple...4096).contains(resolution), "the resolution", resolution, "\(multiple) to 4096")
    try check((0...0.9).contains(validationShare), "the share held out", validationShare, "0 to 0.9")
    try check((1...1_000_000).contains(saveInterval), "the interval of states", saveInterval, "1 to 1000000")
    try check((previewInterval ?? 1) >= 1, "the interval of sheets", previewInterval ?? 1, "1 or more")
    try check((1...1000).contains(keptStateCount), "the number of states that are kept", keptStateCount, "1 to 1000")
    if let fault = settings.fault {
      throw .invalid(option: fault.option, value: fault.value, expected: fault.expected)
    }
    try check((1...64).contains(views.variantCount), "the number of views", views.variantCount, "1 to 64")
    try check((0...1).contains(views.recoloringShare), "the share of other colours", views.recoloringShare, "0 to 1")
    try check((0...1).contains(views.groundWeight), "the weight of the ground", views.groundWeight, "0 to 1")
    try check((0...0.5).contains(views.cropShare), "how far crops go", views.cropShare, "0 to 0.5")
    try check(cacheLimit >= 0, "the bytes of the cache", cacheLimit, "0 or more")
  }

  /// Which pictures are held out, by their numbers.
  public var heldOut: [Int] {
    let count = folder.pictures.count
    let wanted = Int((Double(count) * validationShare).rounded())
    let held = min(validationShare > 0 && count >= 4 ? max(1, wanted) : wanted, count - 1)
    var random = TrainingRandom(seed: settings.seed, 31)
    return random.order(count).prefix(max(0, held)).sorted()
  }
}

extension TrainingSettings {
  /// What suits a model: small ones take larger rates and batches; large ones one sample at a time, computing values again
  /// that would not fit.
  public static func suiting(_ model: Model, parts: Set<TrainedPart> = TrainedPart.secondStage) -> TrainingSettings {
    let isSmall = model.weights.files.reduce(0) { $0 + $1.dataByteCount } <= 256 << 20
    let sampling = model.configuration.sampling
    return TrainingSettings(
      parts: parts, batch: isSmall ? 4 : 1, rowsPerPass: isSmall ? 4 : 1,
      rate: LearningRate(peak: isSmall ? 1e-3 : 1e-4, warmUpStepCount: 10),
      times: sampling.steps <= 4 ? .ofSampling(stepCount: sampling.steps) : .uniform,
      dropShare: sampling.guidance == 1 ? 0 : 0.1, recomputation: isSmall ? nil : 64 << 20)
  }
}
