extension Timestamp: CustomStringConvertible {
    /// RFC 3339 in UTC: `2026-01-01T12:30:00Z`, with three decimals where there are milliseconds.
    public var description: String {
        let day = milliseconds.flooredQuotient(by: 86_400_000)
        // The product may wrap round for the earliest day of all; the difference is right all the same.
        let rest = milliseconds &- day &* 86_400_000
        let date = CivilDate(daysSince1970: day)
        let time = rest / 1_000
        let fraction = rest % 1_000
        guard (0...9_999).contains(date.year) else {
            return "\(padded(date.year, 4))-\(padded(date.month, 2))-\(padded(date.day, 2))T"
                + "\(padded(time / 3_600, 2)):\(padded(time / 60 % 60, 2)):\(padded(time % 60, 2))"
                + (fraction == 0 ? "Z" : ".\(padded(fraction, 3))Z")
        }
        // An answer to a renewal has five of these.
        return unsafe String(unsafeUninitializedCapacity: 24) { text in
            var writer = unsafe DigitWriter(text: text)
            writer.write(date.year, digits: 4)
            writer.write("-")
            writer.write(date.month, digits: 2)
            writer.write("-")
            writer.write(date.day, digits: 2)
            writer.write("T")
            writer.write(time / 3_600, digits: 2)
            writer.write(":")
            writer.write(time / 60 % 60, digits: 2)
            writer.write(":")
            writer.write(time % 60, digits: 2)
            if fraction != 0 {
                writer.write(".")
                writer.write(fraction, digits: 3)
            }
            writer.write("Z")
            return writer.position
        }
    }

    /// Reads RFC 3339 in UTC (`Z`, or an offset), with any number of decimals; those past the third are dropped.
    ///
    /// - Returns: nil where the text is not such a date.
    public init?(rfc3339 text: some StringProtocol) {
        var reader = DigitReader(bytes: Array(text.utf8))
        guard
            let year = reader.number(4), reader.skip("-"),
            let month = reader.number(2), (1...12).contains(month), reader.skip("-"),
            let day = reader.number(2), (1...31).contains(day), reader.skip("T") || reader.skip("t"),
            let hour = reader.number(2), hour < 24, reader.skip(":"),
            let minute = reader.number(2), minute < 60, reader.skip(":"),
            let second = reader.number(2), second <= 60
        else { return nil }
        var fraction: Int64 = 0
        if reader.skip(".") {
            guard let read = reader.fraction() else { return nil }
            fraction = read
        }
        var offset: Int64 = 0
        if !(reader.skip("Z") || reader.skip("z")) {
            let sign: Int64
            if reader.skip("+") { sign = 1 } else if reader.skip("-") { sign = -1 } else { return nil }
            guard let hours = reader.number(2), hours < 24, reader.skip(":"),
                let minutes = reader.number(2), minutes < 60
            else { return nil }
            offset = sign * (hours * 3_600 + minutes * 60)
        }
        let date = CivilDate(year: year, month: month, day: day)
        guard reader.isAtEnd, CivilDate(daysSince1970: date.daysSince1970).day == day else { return nil }
        let seconds = date.daysSince1970 * 86_400 + hour * 3_600 + minute * 60 + second - offset
        // A leap second ends a day in UTC (RFC 3339 §5.7); here it is the first second of the next.
        guard second < 60 || seconds % 86_400 == 0 else { return nil }
        self.init(milliseconds: seconds * 1_000 + fraction)
    }
}

/// A date of the proleptic Gregorian calendar, by Howard Hinnant's `days_from_civil` and its inverse.
private struct CivilDate {
    var year: Int64
    var month: Int64
    var day: Int64

    init(year: Int64, month: Int64, day: Int64) {
        self.year = year
        self.month = month
        self.day = day
    }

    init(daysSince1970 days: Int64) {
        let shifted = days + 719_468
        let era = shifted.flooredQuotient(by: 146_097)
        let dayOfEra = shifted - era * 146_097
        let yearOfEra = (dayOfEra - dayOfEra / 1_460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let shiftedMonth = (5 * dayOfYear + 2) / 153
        day = dayOfYear - (153 * shiftedMonth + 2) / 5 + 1
        month = shiftedMonth < 10 ? shiftedMonth + 3 : shiftedMonth - 9
        year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0)
    }

    var daysSince1970: Int64 {
        let shiftedYear = month <= 2 ? year - 1 : year
        let era = shiftedYear.flooredQuotient(by: 400)
        let yearOfEra = shiftedYear - era * 400
        let dayOfYear = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1
        let dayOfEra = yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear
        return era * 146_097 + dayOfEra - 719_468
    }
}

private struct DigitReader {
    let bytes: [UInt8]
    var position = 0

    var isAtEnd: Bool { position == bytes.count }

    init(bytes: [UInt8]) {
        self.bytes = bytes
    }

    mutating func skip(_ character: Unicode.Scalar) -> Bool {
        guard position < bytes.count, UInt32(bytes[position]) == character.value else { return false }
        position += 1
        return true
    }

    mutating func number(_ digits: Int) -> Int64? {
        guard position + digits <= bytes.count else { return nil }
        var value: Int64 = 0
        for byte in bytes[position..<position + digits] {
            guard (0x30...0x39).contains(byte) else { return nil }
            value = value * 10 + Int64(byte - 0x30)
        }
        position += digits
        return value
    }

    /// The digits of a fraction, as milliseconds.
    mutating func fraction() -> Int64? {
        var value: Int64 = 0
        var scale: Int64 = 100
        let start = position
        while position < bytes.count, (0x30...0x39).contains(bytes[position]) {
            value += Int64(bytes[position] - 0x30) * scale
            scale /= 10
            position += 1
        }
        return position > start ? value : nil
    }
}

/// Writes numbers of a fixed width into room that is large enough for them.
@safe private struct DigitWriter {
    private let text: UnsafeMutableBufferPointer<UInt8>
    var position = 0

    init(text: UnsafeMutableBufferPointer<UInt8>) {
        unsafe self.text = text
    }

    mutating func write(_ character: Unicode.Scalar) {
        unsafe text[position] = UInt8(truncatingIfNeeded: character.value)
        position += 1
    }

    mutating func write(_ number: Int64, digits: Int) {
        var rest = number
        for place in stride(from: position + digits - 1, through: position, by: -1) {
            unsafe text[place] = 0x30 + UInt8(truncatingIfNeeded: rest % 10)
            rest /= 10
        }
        position += digits
    }
}

private func padded(_ value: Int64, _ width: Int) -> String {
    let digits = String(value)
    return String(repeating: "0", count: max(0, width - digits.count)) + digits
}
