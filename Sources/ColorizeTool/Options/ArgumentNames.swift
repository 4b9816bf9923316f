// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Colorize
import DiffusionCore

// How the library's choices are called on the command line.

extension NoiseGenerator: ExpressibleByArgument {}
extension PredictionType: ExpressibleByArgument {
  public init?(argument: String) {
    guard let type = try? PredictionType(named: argument) else { return nil }
    self = type
  }
}
extension ColorizeRequest.Frame: ExpressibleByArgument {}
extension ContextLayout: ExpressibleByArgument {}
extension DType: ExpressibleByArgument {}

extension Sampler: ExpressibleByArgument {
  public init?(argument: String) {
    guard let sampler = try? Sampler(named: argument) else { return nil }
    self = sampler
  }

  public static var allValueStrings: [String] { SamplerRegistry.shared.samplers.map(\.name) }
}

extension SigmaSchedule: ExpressibleByArgument {
  public init?(argument: String) {
    guard let schedule = try? SigmaSchedule(named: argument == "auto" ? "automatic" : argument) else { return nil }
    self = schedule
  }
}

/// A mode, or the choice of one by what is given.
enum ModeChoice: String, ExpressibleByArgument, CaseIterable {
  case auto, vanilla, foreground, background, full

  /// The mode, nil for the automatic choice.
  var mode: InferenceMode? { InferenceMode(rawValue: rawValue) }
}

/// A polarity, spelled as options are.
enum PolarityChoice: String, ExpressibleByArgument, CaseIterable {
  case auto
  case darkOnLight = "dark-on-light"
  case lightOnDark = "light-on-dark"

  var polarity: SketchPolarity {
    switch self {
    case .auto: .automatic
    case .darkOnLight: .darkOnLight
    case .lightOnDark: .lightOnDark
    }
  }
}

/// What becomes of masks that are not given.
enum MasksChoice: String, ExpressibleByArgument, CaseIterable {
  case auto, none
}

/// What is done to a sketch, spelled as options are.
enum PreparationChoice: String, ExpressibleByArgument, CaseIterable {
  case auto
  case asIs = "as-is"
  case lineart
  case publishedLineart = "lineart-published"
  case extract

  static let help = ArgumentHelp(
    "What is done to the sketch before the network sees it: auto makes faint, thin and coloured lines visible, and grey "
      + "or uneven paper white, and leaves clean line art as it is; extract takes the drawn lines out of a coloured "
      + "picture; lineart runs the classical line filter, lineart-published truncates its values to 8 bits.",
    valueName: "name")

  var preparation: SketchPreparation {
    switch self {
    case .auto: .automatic
    case .asIs: .asIs
    case .lineart: .lineFilter
    case .publishedLineart: .truncatedLineFilter
    case .extract: .extracted
    }
  }
}

/// `auto`, `off`, or a tile's side in pixels.
struct TilingChoice: ExpressibleByArgument, CustomStringConvertible {
  let tiling: VAETiling

  static let automatic = TilingChoice(tiling: .automatic)
  private static let coding = NameOrNumber<VAETiling>(
    names: [("auto", .automatic), ("off", .off)], meaning: "a side in pixels", make: { .pixels($0) },
    number: { if case .pixels(let side) = $0 { side } else { nil } })

  private init(tiling: VAETiling) { self.tiling = tiling }

  init?(argument: String) {
    guard let tiling = Self.coding.value(of: argument) else { return nil }
    self.tiling = tiling
  }

  var description: String { Self.coding.text(of: tiling) }
}

/// A seed, or the wish for a new one.
enum SeedChoice: ExpressibleByArgument, CustomStringConvertible {
  case fixed(UInt64)
  case random

  init?(argument: String) {
    if argument == "random" {
      self = .random
    } else if let seed = UInt64(argument) {
      self = .fixed(seed)
    } else {
      return nil
    }
  }

  var description: String {
    switch self {
    case .fixed(let seed): "\(seed)"
    case .random: "random"
    }
  }

  /// The seed. A random one has 32 bits, so that every generator takes it and people can copy it.
  var resolved: UInt64 {
    switch self {
    case .fixed(let seed): seed
    case .random: UInt64(UInt32.random(in: 0 ... .max))
    }
  }
}

/// `encoder=0.8`: a factor for one group of blocks.
struct LevelStrength: ExpressibleByArgument {
  let level: AttentionControl.Level
  let factor: Float

  init?(argument: String) {
    let parts = argument.split(separator: "=", omittingEmptySubsequences: false)
    guard parts.count == 2, let level = AttentionControl.Level(rawValue: String(parts[0])),
      let factor = Float(parts[1])
    else { return nil }
    self.level = level
    self.factor = factor
  }
}
