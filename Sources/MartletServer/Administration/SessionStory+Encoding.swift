import MartletCore
import MartletJOSE
import MartletProtocol

extension SessionStory {
    /// Writes the story as an object.
    func write(to writer: inout JSONWriter) {
        writer.object {
            $0.member("answer", answer)
            $0.member("advances", advances)
            $0.member("repeats", repeats)
            $0.member("places", places)
            if isPartial { $0.member("partial", true) }
            $0.member("lines") {
                $0.array {
                    for line in lines {
                        $0.object {
                            $0.member("at", line.at.description)
                            $0.member("words", line.words)
                        }
                    }
                }
            }
        }
    }
}
