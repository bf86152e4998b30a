import MartletCore
import MartletJOSE
import MartletProtocol

extension Overview {
    /// `{"countedAt": …, "users": …, "liveSessions": …, "days": [{"from": …, "until": …, "signIns": …, …}]}`. The days
    /// are 24 hours each, the last of them ends when it was counted. `renewals` is missing where nobody counts them.
    func encoded() -> [UInt8] {
        var writer = JSONWriter(capacity: 256 * times.count + 128)
        writer.object {
            $0.member("countedAt", at.description)
            $0.member("users", figures.users)
            $0.member("liveSessions", figures.liveSessions)
            $0.member("days") {
                $0.array { write(to: &$0) }
            }
        }
        return writer.bytes
    }

    private func write(to writer: inout JSONWriter) {
        let (live, renewals) = (liveSessions, renewals)
        let (repeats, refused) = (count(.repeat), count(.refused))
        let (failed, replays) = (count(.signInFailed), count(.replay))
        for day in figures.signIns.indices {
            writer.object {
                $0.member("from", times[day].description)
                $0.member("until", times[day + 1].description)
                $0.member("signIns", figures.signIns[day])
                $0.member("signInsFailed", failed[day])
                $0.member("liveSessions", live[day])
                if let renewals { $0.member("renewals", renewals[day]) }
                $0.member("repeats", repeats[day])
                $0.member("refused", refused[day])
                $0.member("replays", replays[day])
                $0.member("ends", figures.ends[day])
            }
        }
    }
}
