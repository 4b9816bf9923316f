// SPDX-License-Identifier: Apache-2.0

import Colorize

/// A part of a job whose operations are measured together: a stage, where sampling is taken apart into its steps.
enum ProfileSection: Hashable {
  case loading
  case stage(ColorizeEvent.Stage)
  /// Shaders are compiled and memory is made in it.
  case firstStep
  case laterStep
  /// What comes after the last step, and is not told.
  case samplingEnd

  /// Those that are told, in order.
  static let reported: [ProfileSection] =
    [.loading] + ColorizeEvent.Stage.allCases.flatMap { $0 == .sampling ? [.firstStep, .laterStep] : [.stage($0)] }

  /// What the section is called in JSON.
  var identifier: String {
    switch self {
    case .loading: "loading"
    case .stage(let stage): stage.rawValue
    case .firstStep: "firstStep"
    case .laterStep: "step"
    case .samplingEnd: "samplingEnd"
    }
  }

  /// What it is called for people.
  var title: String {
    switch self {
    case .loading: "loading the model"
    case .stage(let stage): stage.description
    case .firstStep: "first step"
    case .laterStep: "step"
    case .samplingEnd: "the end of sampling"
    }
  }
}
