// SPDX-License-Identifier: Apache-2.0

import Synchronization

/// The samplers that a program can choose by name: those of this library, and those that are added.
///
/// ```swift
/// try SamplerRegistry.shared.register(
///   Sampler("restart", isStochastic: true) { run in ... })
/// let sampler = try Sampler(named: "restart")
/// ```
public final class SamplerRegistry: Sendable {
  /// The registry that names in settings, in files and on the command line are looked up in.
  public static let shared = SamplerRegistry()

  private let registered: Mutex<[Sampler]>

  /// A registry of the samplers of this library.
  public init() { registered = Mutex(Sampler.builtIn) }

  /// The samplers: those of this library first, then the others in the order in which they came.
  public var samplers: [Sampler] { registered.withLock { $0 } }

  /// Adds a sampler.
  ///
  /// - Throws: ``ScheduleError/nameTaken(_:by:)`` if one of its names stands for another sampler,
  ///   ``ScheduleError/invalidName(_:)`` if nothing is left of one where only letters and digits count.
  public func register(_ sampler: Sampler) throws(ScheduleError) {
    let names = [sampler.name] + sampler.aliases
    if let empty = names.first(where: { Self.plain($0).isEmpty }) { throw .invalidName(empty) }
    let conflict = registered.withLock { known -> (name: String, owner: String)? in
      for name in names {
        if let owner = Self.find(name, in: known) { return (name, owner.name) }
      }
      known.append(sampler)
      return nil
    }
    if let conflict { throw .nameTaken(conflict.name, by: conflict.owner) }
  }

  /// Finds a sampler by its name or an alias; case, spaces, `-`, `_` and `+` for `p` do not count.
  ///
  /// - Throws: ``ScheduleError/unknownName(_:allowed:)``, with all names.
  public func sampler(named name: String) throws(ScheduleError) -> Sampler {
    let known = samplers
    guard let match = Self.find(name, in: known) else { throw .unknownName(name, allowed: known.map(\.name)) }
    return match
  }

  private static func find(_ name: String, in samplers: [Sampler]) -> Sampler? {
    let wanted = plain(name)
    return samplers.first { ([$0.name] + $0.aliases).contains { plain($0) == wanted } }
  }

  private static func plain(_ text: String) -> String {
    String(text.lowercased().map { $0 == "+" ? "p" : $0 }.filter { !" -_".contains($0) })
  }
}

extension Sampler {
  /// Finds a sampler of the shared registry, see ``SamplerRegistry/sampler(named:)``.
  ///
  /// - Throws: ``ScheduleError/unknownName(_:allowed:)``.
  public init(named name: String) throws(ScheduleError) {
    self = try SamplerRegistry.shared.sampler(named: name)
  }
}

/// As its name. Decoding looks the name up in the shared registry.
extension Sampler: Codable {
  public init(from decoder: any Decoder) throws {
    self = try decoder.value(named: { name throws(ScheduleError) in try Self(named: name) })
  }

  public func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    try container.encode(name)
  }
}
