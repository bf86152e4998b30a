import MartletCore
import Testing

struct DurationHistogramTests {
    @Test func aDurationIsInEachBucketThatIsNoSmaller() {
        let histogram = DurationHistogram()
        for duration in [
            Duration.zero, .microseconds(100), .nanoseconds(100_001), .milliseconds(3), .seconds(10), .seconds(11),
            .seconds(-1),
        ] {
            histogram.record(duration)
        }
        let reading = histogram.reading
        #expect(reading.count == 7)
        #expect(reading.cumulative.count == DurationHistogram.bounds.count + 1)
        #expect(reading.cumulative[0] == 3)
        #expect(reading.cumulative[1] == 4)
        #expect(reading.cumulative[DurationHistogram.bounds.firstIndex(of: 5_000_000) ?? 0] == 5)
        #expect(reading.cumulative[DurationHistogram.bounds.count - 1] == 6)
        #expect(reading.total == 21_003_200_001)
    }

    @Test func aDurationThatIsAsGoodAsForEverDoesNotOverflow() {
        let histogram = DurationHistogram()
        histogram.record(.seconds(Int64.max))
        histogram.record(.seconds(Int64.min))
        #expect(histogram.reading.count == 2)
        #expect(histogram.reading.total == 86_400_000_000_000)
    }

    @Test func nothingIsLostAmongThreads() async {
        let (histogram, counter) = (DurationHistogram(), Counter())
        await withTaskGroup(of: Void.self) { tasks in
            for _ in 0..<8 {
                tasks.addTask {
                    for number in 0..<10_000 {
                        histogram.record(.microseconds(number))
                        counter.add()
                    }
                }
            }
        }
        #expect(counter.value == 80_000)
        #expect(histogram.reading.count == 80_000)
    }
}
