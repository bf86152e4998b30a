import Foundation
import MartletCore
import MartletProtocol
import MartletTestKit
import Synchronization
import Testing

@testable import MartletSQLite

struct WriteMarkTests {
    let folder: TemporaryFolder
    let file: WriteMarkFile

    init() throws {
        folder = try TemporaryFolder()
        file = WriteMarkFile(beside: folder.database)
    }

    private func mark(_ number: Int64, of database: Character = "a") -> WriteMark {
        WriteMark(
            database: String(repeating: database, count: 32), number: number, writtenAt: Fixtures.start)
    }

    /// Overwrites a part of the file.
    private func overwrite(_ bytes: [UInt8], at offset: UInt64) throws {
        let handle = try #require(FileHandle(forUpdatingAtPath: file.path))
        try handle.seek(toOffset: offset)
        try handle.write(contentsOf: bytes)
        try handle.close()
    }

    @Test(arguments: [
        ("/data/martlet.sqlite", "/data/martlet.mark"), ("martlet.sqlite", "martlet.mark"), ("/a.b/c", "/a.b/c.mark"),
    ])
    func itHasANameOfItsOwn(database: String, path: String) {
        #expect(WriteMarkFile(beside: database).path == path)
    }

    @Test func aLineIsReadAsItWasWritten() {
        for number in [0, 1, Int64.max] {
            let line = mark(number).line
            #expect(line.count == WriteMark.lineLength)
            #expect(WriteMark(line: line) == mark(number))
            // Any byte of its text that is another, or is not there, is noticed.
            let length = line.firstIndex(of: UInt8(ascii: " ")).map { _ in String(decoding: line, as: UTF8.self) }!
                .trimmingCharacters(in: .whitespacesAndNewlines).utf8.count
            for index in 0..<length {
                var damaged = line
                damaged[index] ^= 1
                #expect(WriteMark(line: damaged) == nil, "byte \(index)")
                #expect(WriteMark(line: line.prefix(index)) == nil, "cut at \(index)")
            }
        }
    }

    @Test func theNewestEventIsKeptAlong() throws {
        func mark(_ number: Int64, event: Int64, seal: UInt8 = 7) -> WriteMark {
            var mark = self.mark(number)
            mark.event = EventChain.Mark(number: event, seal: [UInt8](repeating: seal, count: 32))
            return mark
        }
        #expect(WriteMark(line: mark(1, event: .max, seal: 0xFE).line) == mark(1, event: .max, seal: 0xFE))
        try file.make(self.mark(0))
        // Each of the two numbers only rises.
        let raised = [
            (mark(1, event: 5), mark(1, event: 5)), (mark(1, event: 8), mark(1, event: 8)),
            (mark(2, event: 6), mark(2, event: 8)), (mark(1, event: 9), mark(2, event: 9)),
            (self.mark(3), mark(3, event: 9)), (mark(2, event: 2), mark(3, event: 9)),
        ]
        for (mark, kept) in raised {
            try file.raise(to: mark)
            #expect(try file.read() == .mark(kept))
        }
        // What an operator puts in its place is what counts.
        try file.replace(with: mark(4, event: 1))
        #expect(try file.read().event == mark(4, event: 1).event)
    }

    @Test func itOnlyRises() throws {
        #expect(try file.read() == .missing)
        try file.make(mark(0))
        for (number, kept) in [(1, 1), (2, 2), (5, 5), (3, 5), (5, 5), (6, 6)] as [(Int64, Int64)] {
            try file.raise(to: mark(number))
            #expect(try file.read() == .mark(mark(kept)))
        }
        #expect(try Data(contentsOf: URL(filePath: file.path)).count == 2 * WriteMark.lineLength)
        #expect(try folder.mode(of: file.path) == 0o600)
        // Nothing else was left in the folder.
        #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path) == ["martlet.mark"])
    }

    /// A process that makes it anew does not take back what another one has written meanwhile.
    @Test func itIsMadeOnce() throws {
        try file.make(mark(0))
        try file.raise(to: mark(3))
        try file.make(mark(0))
        #expect(try file.read() == .mark(mark(3)))
    }

    /// A write that was cut off leaves what was synced before it.
    @Test func aTornWriteCostsOneNumber() throws {
        try file.make(mark(0))
        for number in 1...6 as ClosedRange<Int64> {
            try file.raise(to: mark(number))
            let lines = try Array(Data(contentsOf: URL(filePath: file.path)))
            let index = try #require(
                [0, 1].first { WriteMark(line: lines.dropFirst($0 * 512).prefix(512))?.number == number })
            try overwrite(Array("torn".utf8), at: UInt64(index) * 512 + 20)
            #expect(try file.read() == .mark(mark(number - 1)))
            try file.raise(to: mark(number))
            #expect(try file.read() == .mark(mark(number)))
        }
        try overwrite([UInt8](repeating: 0, count: 1_024), at: 0)
        #expect(try file.read() == .damaged)
    }

    @Test func itIsWrittenAnewWhereItWasRemovedOrIsAnothers() throws {
        try file.raise(to: mark(4))
        #expect(try file.read() == .mark(mark(4)))
        try file.raise(to: mark(2, of: "b"))
        #expect(try file.read() == .mark(mark(2, of: "b")))
    }

    @Test func aProcessThatHoldsItIsNotWaitedForLong() throws {
        try file.make(mark(0))
        let impatient = WriteMarkFile(beside: folder.database, lockTimeout: .milliseconds(50))
        let holder = unsafe open(file.path, O_RDWR | O_CLOEXEC)
        #expect(flock(holder, LOCK_EX) == 0)
        let error = #expect(throws: StorageError.self) { try impatient.raise(to: mark(1)) }
        #expect(error?.code == .busy)
        // Reading waits for nobody.
        #expect(try file.read() == .mark(mark(0)))
        close(holder)
        // Another test may just be starting a process, which holds a copy for a moment: this one is patient.
        try file.raise(to: mark(1))
    }
}

struct DurableWritesTests {
    private final class Disk: Sendable {
        let synced = Mutex<[Int64]>([])
        let isFull = Mutex(false)
        let gate = DispatchSemaphore(value: 0)

        func sync(_ mark: WriteMark) throws(StorageError) {
            gate.wait()
            gate.signal()
            if isFull.withLock({ $0 }) { throw StorageError(.full, detail: "full") }
            synced.withLock { $0.append(mark.number) }
        }
    }

    private func mark(_ number: Int64) -> WriteMark {
        WriteMark(database: "a", number: number, writtenAt: Fixtures.start)
    }

    @Test func writesThatWaitTogetherShareOneSync() {
        let disk = Disk()
        let writes = DurableWrites { (mark) throws(StorageError) in try disk.sync(mark) }
        let answered = Mutex(0)
        for number in 1...50 {
            writes.record(mark(Int64(number))) { result in
                // None is answered before its own number is on disk.
                #expect(disk.synced.withLock { $0.last ?? 0 } >= number)
                #expect(throws: Never.self) { try result.get() }
                answered.withLock { $0 += 1 }
            }
        }
        #expect(answered.withLock { $0 } == 0)
        disk.gate.signal()
        writes.close()
        #expect(answered.withLock { $0 } == 50)
        #expect(disk.synced.withLock { $0.count } <= 2)
        #expect(disk.synced.withLock { $0.last } == 50)
    }

    @Test func nothingIsAnsweredThatIsNotOnDisk() throws {
        let disk = Disk()
        disk.gate.signal()
        let writes = DurableWrites { (mark) throws(StorageError) in try disk.sync(mark) }
        let failed = Mutex(0)
        func record(_ mark: WriteMark?) {
            writes.record(mark) { if case .failure = $0 { failed.withLock { $0 += 1 } } }
            writes.close()
        }
        // Nothing was written yet, so there is nothing to wait for.
        record(nil)
        #expect(failed.withLock { $0 } == 0)
        disk.isFull.withLock { $0 = true }
        record(mark(1))
        #expect(failed.withLock { $0 } == 1)
        // Whoever asks again finds it done already, and the mark is still not there.
        record(nil)
        #expect(failed.withLock { $0 } == 2)
        #expect(throws: StorageError.self) { try writes.recordAndWait(mark(2)) }
        disk.isFull.withLock { $0 = false }
        record(nil)
        #expect(failed.withLock { $0 } == 2)
        #expect(disk.synced.withLock { $0 } == [2])
        try writes.recordAndWait(mark(3))
        #expect(disk.synced.withLock { $0 } == [2, 3])
    }
}
