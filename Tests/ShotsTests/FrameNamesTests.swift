// SPDX-License-Identifier: Apache-2.0

import Foundation
import Shots
import TestSupport
import Testing

/// Patterns, selections and shards: which files are which frames.
struct FrameNamesTests {
  private let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  private func touch(_ names: String...) throws {
    for name in names { try Data([1]).write(to: URL(fileURLWithPath: folder.file(name))) }
  }

  private func found(_ patterns: String...) throws -> [String] {
    try FrameFiles(patterns.map { folder.file($0) }).files.map { "\($0.label)=\($0.name)" }
  }

  @Test func numbersMayHaveGapsAndAnyStart() throws {
    try touch("a0007.png", "a0100.png", "a12345.png", "a012.png", "a01234.png", "b0008.png", "a0009.jpg", "ax0009.png")
    // Five digits are a number of four digits and more only without a zero in front: 01234 would be 1234 twice.
    #expect(try found("a####.png") == ["0007=a0007", "0100=a0100", "12345=a12345"])
    #expect(try found("a%04d.png") == found("a####.png"))
    #expect(try found("a###.png") == ["0012=a012", "12345=a12345"])
    #expect(try found("a%d.png") == ["12345=a12345"])
    #expect(try found("a*.png").count == 6)
  }

  @Test func listsAndGlobsTakeTheLastNumber() throws {
    try touch("s2_c10.png", "s2_c9.png", "s2_c11.png")
    #expect(try found("s2_*.png") == ["0009=s2_c9", "0010=s2_c10", "0011=s2_c11"])
    #expect(try found("s2_c11.png", "s2_c9.png") == ["0009=s2_c9", "0011=s2_c11"])
    try touch("title.png")
    // Where one has no number, all go by their names.
    #expect(try found("s2_c9.png", "title.png") == ["s2_c9=s2_c9", "title=title"])
  }

  @Test func namesWithPatternCharactersAreTakenAsTheyAre() throws {
    try touch("take#1.png", "a*b.png")
    #expect(try found("take#1.png") == ["0001=take#1"])
    #expect(try found("a*b.png").count == 1)
  }

  @Test func twoFilesOfOneNumberAreAConflict() throws {
    try touch("a7.png", "b7.png")
    #expect(throws: ShotError.self) { try found("a7.png", "b7.png") }
    #expect(throws: ShotError.self) { try found("a7.png", "a7.png") }
    #expect(throws: ShotError.noFrames(pattern: folder.file("c#.png"))) { try found("c#.png") }
    for wrong in ["#a#.png", "cut#/a.png", "*/##.png", "folder/", "%04d####.png"] {
      #expect(throws: ShotError.self, "\(wrong)") { try FramePattern(wrong) }
    }
  }

  @Test func outputsKeepNumbersAndPadding() throws {
    #expect(try FramePattern("out/####.png").path(number: 7, name: "x") == "out/0007.png")
    #expect(try FramePattern("out/%06d-c.png").path(number: 1_234_567, name: "x") == "out/1234567-c.png")
    #expect(try FramePattern("out/%d.png").path(number: 7, name: "x") == "out/7.png")
    #expect(try FramePattern("out/*-c.png").path(number: nil, name: "title") == "out/title-c.png")
    #expect(try FramePattern("100%.png").path(number: 7, name: "x") == "100%.png")
    #expect(throws: ShotError.self) { try FramePattern("out/#.png").path(number: nil, name: "title") }
  }

  @Test func companionsGoByNumberOrName() throws {
    try touch("a0007.png", "m7.png", "a0008.png")
    let frames = try FrameFiles([folder.file("a####.png")]).files
    let masks = try FrameCompanions(folder.file("m#.png"))
    #expect(frames.map { masks.path(for: $0) } == [folder.file("m7.png"), nil])
    #expect(
      try frames.map(FrameCompanions(folder.file("m7.png")).path) == [folder.file("m7.png"), folder.file("m7.png")])
    #expect(throws: ShotError.self) { try FrameCompanions(folder.file("n#.png")) }
  }

  @Test func selections() throws {
    let selection = try FrameSelection("1,5-7, 20-")
    #expect((0...22).filter(selection.contains) == [1, 5, 6, 7, 20, 21, 22])
    #expect(try (0...5).filter(FrameSelection("-2").contains) == [0, 1, 2])
    for wrong in ["", "a", "7-5", "-", "1,,2", "1-2-3", "9999999999999999999"] {
      #expect(throws: ShotError.self, "\(wrong)") { try FrameSelection(wrong) }
    }
  }

  @Test func shardsPartFramesByContent() throws {
    let digests = (0..<400).map { Digest("frame \($0)") }
    let shards = try (1...8).map { try Shard("\($0)/8") }
    for digest in digests { #expect(shards.count { $0.contains(digest) } == 1) }
    // Shares of 50 with a deviation of 6.6: five deviations.
    for shard in shards { #expect((17...83).contains(digests.count { shard.contains($0) })) }
    // What another machine or version makes of it: the share must not move.
    #expect(try (1...8).first { try Shard("\($0)/8").contains(Digest("abc")) } == 3)
    for wrong in ["0/2", "3/2", "1", "1/0", "a/b", "1/2/3", "-1/2", "1/65537"] {
      #expect(throws: ShotError.self, "\(wrong)") { try Shard(wrong) }
    }
  }

  @Test func digestsAreThoseOfTheStandard() {
    // FIPS 180-4's own examples.
    #expect(Digest("abc").description == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad")
    #expect(Digest("").description == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855")
  }
}
