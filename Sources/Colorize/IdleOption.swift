// SPDX-License-Identifier: Apache-2.0

import DiffusionCore

/// A setting that was changed from its default and does nothing in a request, such as a strength of the foreground in
/// vanilla mode.
///
/// It is no fault: a program may change the mode and leave the rest. People want to be told, since the picture is the one
/// that they would have had without.
public struct IdleOption: Sendable, Hashable, Codable {
  /// Why a setting does nothing.
  public enum Reason: String, Sendable, Hashable, CaseIterable, Codable {
    /// The mode has no part that it acts on.
    case mode
    /// It is about flats, and there are none: ``ColorizeSettings/fill`` is painting, and ``ColorizeSettings/makesFlats`` off.
    case noFlats
    /// It is about the drawing's regions, which nothing needs: no flats, and the network's own lines.
    case noRegions
    /// The flats have the colours of a palette that is given.
    case givenPalette
    /// The flats have the painting's own colours.
    case paintingColors
    /// The sampler places its steps itself.
    case sampler
    /// There is no guidance by the reference.
    case noGuidance
    /// There are no hints.
    case noHints
    /// The run has no more steps than that.
    case fewSteps
  }

  /// The setting.
  public let option: ColorizeError.Option
  /// Why it does nothing.
  public let reason: Reason
}

extension ColorizeRequest {
  /// The settings that differ from their defaults and change nothing, in the order of ``ColorizeError/Option``. What takes
  /// memory or time only is none of them.
  ///
  /// - Parameter model: whose defaults they are.
  public func idleOptions(for model: Model) -> [IdleOption] {
    idleOptions(finish: model.configuration.finish)
  }

  /// The same with the defaults of a model's finish.
  func idleOptions(finish: FinishDefaults) -> [IdleOption] {
    var idle: [ColorizeError.Option: IdleOption.Reason] = [:]
    func note(_ reason: IdleOption.Reason, _ options: [(ColorizeError.Option, isSet: Bool)]) {
      for (option, isSet) in options where isSet && idle[option] == nil { idle[option] = reason }
    }
    let known = ColorizeSettings(finish: finish)
    let (settings, shaping) = (settings, settings.maskShaping)
    if settings.mode == .vanilla {
      note(
        .mode,
        [
          (.foregroundStrength, settings.foregroundStrength != known.foregroundStrength),
          (.backgroundStrength, settings.backgroundStrength != known.backgroundStrength),
          (.merge, settings.merge != known.merge),
          (.sketchThreshold, settings.sketchThreshold != known.sketchThreshold),
          (.maskThreshold, shaping?.threshold != nil), (.maskGrow, shaping.map { $0.grow != 0 } ?? false),
          (.maskFeather, shaping.map { $0.feather != 0 } ?? false),
        ])
    }
    if !settings.mode.needsBackground {
      note(.mode, [(.referenceThreshold, settings.referenceThreshold != known.referenceThreshold)])
    }
    if settings.mode != .full { note(.mode, [(.contextLayout, settings.contextLayout != known.contextLayout)]) }
    noteFinish(known, note)
    if settings.schedule != .automatic, settings.sampler.resolvedSchedule(settings.schedule) == nil {
      note(.sampler, [(.schedule, true)])
    }
    if settings.guidance.reference <= 1, let injection = settings.injection {
      note(.noGuidance, [(.injectionReference, injection.reference != AttentionInjection().reference)])
    }
    if hints == nil { note(.noHints, [(.hintStrength, settings.hintStrength != nil)]) }
    if let interval = settings.previewInterval { note(.fewSteps, [(.previewInterval, interval >= settings.steps)]) }
    return ColorizeError.Option.allCases.compactMap { option in
      idle[option].map { IdleOption(option: option, reason: $0) }
    }
  }

  /// Those of the finish.
  private func noteFinish(
    _ known: ColorizeSettings, _ note: (IdleOption.Reason, [(ColorizeError.Option, isSet: Bool)]) -> Void
  ) {
    let flats = settings.flats
    let (colors, alignment) = (flats.colors != known.flats.colors, flats.alignment != known.flats.alignment)
    let count = flats.maximumColors != known.flats.maximumColors
    if !settings.needsFlats {
      note(
        .noFlats,
        [
          (.palette, palette != nil), (.flatColors, colors), (.alignment, alignment), (.maximumColors, count),
          (.farDistance, flats.farDistance != known.flats.farDistance),
        ])
    }
    if !settings.needsRegions {
      note(.noRegions, [(.maximumGap, flats.maximumGap != nil), (.minimumArea, flats.minimumArea != nil)])
    }
    if palette != nil {
      note(.givenPalette, [(.flatColors, colors), (.maximumColors, count)])
    } else if flats.colors == .painting {
      note(.paintingColors, [(.alignment, alignment)])
    }
  }
}

extension IdleOption.Reason {
  /// In a sentence: why an option does nothing, and what would make it act.
  ///
  /// - Parameter mode: the request's.
  public func words(in mode: InferenceMode) -> String {
    switch self {
    case .mode:
      mode == .vanilla
        ? "mode vanilla takes nothing apart; choose a mode with masks" : "mode \(mode.rawValue) does not use it"
    case .noFlats: "there are no flats; fill with flats, or ask for them beside the picture"
    case .noRegions: "nothing needs the drawing's regions; fill with flats, or choose other lines"
    case .givenPalette: "the palette that is given is used whole"
    case .paintingColors: "flats have the painting's own colours"
    case .sampler: "the sampler places its steps itself"
    case .noGuidance: "there is no guidance by the reference; its scale would have to be above 1"
    case .noHints: "there are no hints"
    case .fewSteps: "the run has no more steps than that"
    }
  }
}
