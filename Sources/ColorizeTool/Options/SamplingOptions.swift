// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Colorize
import DiffusionCore

/// How the noise becomes a picture.
struct SamplingOptions: ParsableArguments {
  @Option(help: ArgumentHelp("Sampling steps, 1 to 1000. (default: what suits the model)", valueName: "n"))
  var steps: Int?

  @Option(help: ArgumentHelp("The first picture's seed, or `random`, which prints the one it chose.", valueName: "n"))
  var seed: SeedChoice = .fixed(0)

  @Option(help: ArgumentHelp("The generator of the noise, after PyTorch, NumPy or CUDA.", valueName: "name"))
  var noise: NoiseGenerator = .torchCPU

  @Option(help: ArgumentHelp("The sampler. (default: what suits the model)", valueName: "name"))
  var sampler: Sampler?

  @Option(help: ArgumentHelp("The spacing of the steps; automatic takes what suits the sampler.", valueName: "name"))
  var schedule: SigmaSchedule = .automatic

  @Option(
    help: ArgumentHelp(
      "Guidance by the reference, 0 to 100; 1 is off, higher is stronger. (default: what suits the model)",
      valueName: "scale"))
  var guidance: Double?

  @Option(help: ArgumentHelp("Guidance by the sketch, 0 to 100; 1 is off and quicker.", valueName: "scale"))
  var sketchGuidance = 1.0

  @Option(
    parsing: .upToNextOption,
    help: ArgumentHelp(
      "The part of the run in which the reference acts, from 0 (start) to 1 (end): two numbers. "
        + "(default: 0 1)", valueName: "number"))
  var guidanceInterval: [Double] = []

  /// Sets what the options name, and what suits the model for the rest.
  func apply(to request: inout ColorizeRequest, defaults: SamplingDefaults) throws {
    request.steps = steps ?? defaults.steps
    request.sampler = sampler ?? defaults.sampler
    request.guidance = try makeGuidance(defaults)
  }

  /// The guidance, with its interval checked: a range of numbers in the wrong order is no range.
  private func makeGuidance(_ defaults: SamplingDefaults) throws -> Guidance {
    var result = Guidance(reference: guidance ?? defaults.guidance, sketch: sketchGuidance)
    guard !guidanceInterval.isEmpty else { return result }
    guard guidanceInterval.count == 2, guidanceInterval.allSatisfy({ (0...1).contains($0) }),
      guidanceInterval[0] <= guidanceInterval[1]
    else {
      throw ToolError.usage(
        "--guidance-interval is \(guidanceInterval.map { "\($0)" }.joined(separator: " ")), expected two numbers from "
          + "0 to 1, the lower first")
    }
    result.interval = guidanceInterval[0]...guidanceInterval[1]
    return result
  }
}
