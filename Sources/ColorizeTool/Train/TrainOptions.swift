// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Colorize
import ColorizeTraining
import DiffusionCore
import DiffusionTraining

/// What learns, and for how long.
struct TrainLengthOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "What learns; all else is frozen: second-stage (both low-rank branches, recovery transformer, threshold embedder), "
        + "lora, lora-foreground, lora-background, recovery, threshold, unet, sketch-encoder, image-encoder, all (but the "
        + "vae), vae; several with commas between. (default: lora-foreground; for a model without mask modes unet)",
      valueName: "names"))
  var parts: PartsChoice?

  @Option(help: ArgumentHelp("Steps in all, those before --resume among them. (default: 500)", valueName: "n"))
  var steps: Int?

  @Option(help: ArgumentHelp("Minutes of this run, instead of steps.", valueName: "n"))
  var minutes: Double?

  @Option(
    help: ArgumentHelp(
      "The pictures' side; areas are its square, at each picture's aspect. (default: the model's own)",
      valueName: "pixels"))
  var resolution: Int?

  @Option(help: ArgumentHelp("Samples of a step. (default: 4 for small models, 1 for large ones)", valueName: "n"))
  var batch: Int?

  @Option(
    help: ArgumentHelp(
      "How many of them go through the network at one time; fewer take less memory. (default: all for small models, 1 for "
        + "large ones)", valueName: "n"))
  var rows: Int?

  @Option(help: ArgumentHelp("The seed.", valueName: "n"))
  var seed: UInt64 = 0
}

/// How it learns.
struct TrainRateOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp("The learning rate. (default: 0.001 for small models, 0.0001 for large ones)", valueName: "x"))
  var rate: Double?

  @Option(help: ArgumentHelp("Over how many steps the rate rises.", valueName: "n"))
  var warmUp = 10

  @Option(help: ArgumentHelp("What follows: constant, or cosine down to nothing at --steps.", valueName: "name"))
  var course = CourseChoice.constant

  @Option(
    help: ArgumentHelp("The rank of the foreground's new branches; 0.5 is half of the narrower side.", valueName: "r"))
  var rankForeground: RankChoice = .eight

  @Option(help: ArgumentHelp("The same for the background.", valueName: "r"))
  var rankBackground: RankChoice = .eight

  @Option(
    help: ArgumentHelp(
      "How often a sample goes without its reference, as guidance needs it. (default: 0.1; 0 for models that go without "
        + "guidance)", valueName: "share"))
  var drop: Double?

  @Option(help: ArgumentHelp("Weight timesteps by min-SNR with this gamma; 5 is usual.", valueName: "gamma"))
  var minSnr: Double?

  @Option(help: ArgumentHelp("The strength of noise that a channel's pixels share.", valueName: "x"))
  var offsetNoise = 0.0

  @Option(help: ArgumentHelp("The decay of the average that is saved; 0 saves the weights themselves.", valueName: "x"))
  var average = 0.99

  @Option(help: ArgumentHelp("How AdamW keeps its moments: f32, or 8bit, a quarter of the memory.", valueName: "name"))
  var moments = MomentStorage.single

  @Option(
    help: ArgumentHelp(
      "Compute values again that derivatives need, in parts of so many MiB, instead of keeping them; 0 keeps all. (default: "
        + "0 for small models, 64 for large ones)", valueName: "mib"))
  var recompute: Int?

  @Option(
    help: ArgumentHelp(
      "The timesteps that are drawn: uniform, or sampling, those that the model's own number of steps asks for. (default: "
        + "sampling for models of at most 4 steps)", valueName: "name"))
  var times: TimesChoice?
}

/// What is made of the pictures.
struct TrainDataOptions: ParsableArguments {
  @Option(help: ArgumentHelp("The share of the pictures that is held out, 0 to 0.9.", valueName: "share"))
  var validation = 0.1

  @Option(
    help: ArgumentHelp("Views of each picture: crops, mirrorings, ways to draw its lines, references.", valueName: "n"))
  var variants = 4

  @Option(
    help: ArgumentHelp(
      "How often a picture that is its own reference gets other colours, both alike.", valueName: "share"))
  var recolor = 0.5

  @Option(
    help: ArgumentHelp(
      "How much the ground counts beside the figure where another picture is the reference, 0 to 1.", valueName: "x"))
  var groundWeight = 0.0

  @Option(
    help: ArgumentHelp(
      "Where latents and tokens are kept. (default: cache in the folder of the states)", valueName: "folder"))
  var cache: String?

  @Option(help: ArgumentHelp("The most that is kept there, in GiB; 0 keeps nothing.", valueName: "gib"))
  var cacheSize = 4.0
}

/// What is written on the way.
struct TrainSavingOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "Every n steps, a contact sheet of pictures held out, in the folder of the states.", valueName: "n"))
  var previewEvery: Int?

  @Option(help: ArgumentHelp("Every n steps, the state and the result as it is are saved.", valueName: "n"))
  var saveEvery = 100

  @Option(help: ArgumentHelp("How many states are kept.", valueName: "n"))
  var keep = 2

  @Flag(help: "Go on from the last state, as if it had never stopped.")
  var resume = false

  @OptionGroup var replacing: OverwriteOptions
}

extension MomentStorage: ExpressibleByArgument {}

/// A set of parts.
struct PartsChoice: ExpressibleByArgument {
  let parts: Set<TrainedPart>

  init?(argument: String) {
    guard let parts = TrainedPart.parts(named: argument) else { return nil }
    self.parts = parts
  }
}

/// What follows the warm-up of the rate.
enum CourseChoice: String, ExpressibleByArgument, CaseIterable {
  case constant, cosine
}

/// Which timesteps are drawn.
enum TimesChoice: String, ExpressibleByArgument, CaseIterable {
  case uniform, sampling
}

/// `8` or `0.5`.
struct RankChoice: ExpressibleByArgument, CustomStringConvertible {
  let rank: LoRARank

  static let eight = RankChoice(rank: .rank(8))

  private init(rank: LoRARank) { self.rank = rank }

  init?(argument: String) {
    if let number = Int(argument), (1...8192).contains(number) {
      rank = .rank(number)
    } else if let fraction = Double(argument), argument.contains("."), fraction > 0, fraction <= 1 {
      rank = .fraction(fraction)
    } else {
      return nil
    }
  }

  var description: String { rank.description }
}
