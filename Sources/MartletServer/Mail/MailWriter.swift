import MartletCore
import MartletProtocol

/// Writes the mail about an event. The same event gives the same mail each time, whoever asks and when; only that it is
/// the day's last is said by who sends it.
struct MailWriter: Sendable {
    /// The URL of the server, which links begin with.
    let issuer: String
    let from: MailAddress
    let words: Words

    /// - Parameters:
    ///   - number: of the event's record.
    ///   - secret: of the link about it.
    ///   - isLast: whether no more of its kind are sent to this address today.
    func message(
        about record: EventRecord, number: Int64, topic: MailTopic, to user: User, at address: String, secret: String,
        isLast: Bool
    ) -> MailMessage {
        let link = issuer + PagePath.path(PagePath.wasntMe, [("link", secret)])
        var paragraphs = [
            words.mailGreeting(plainName(user.username)), words.mailHappened(topic), facts(of: record),
        ]
        paragraphs += advice(topic, link)
        switch topic {
        case .newPasswordWished(by: .password): break
        default: paragraphs.append(words.mailUntil(words.full(SecurityLink(about: record, number, user).expiresAt)))
        }
        if isLast { paragraphs.append("\(words.mailLast)\n\(issuer)\(PagePath.account)") }
        paragraphs.append("-- \n\(words.mailSignature(issuer))")
        return MailMessage(
            id: MailMessageID("martlet.\(number).\(record.at.milliseconds)", from: from), date: record.at, from: from,
            recipient: address, subject: words.mailSubject(topic, host),
            text: paragraphs.joined(separator: "\n\n") + "\n",
            language: words.language)
    }

    private func advice(_ topic: MailTopic, _ link: String) -> [String] {
        switch topic {
        case .newDevice, .longSilence, .unusual, .passwordChanged:
            [words.mailIfYou, "\(words.mailIfNot)\n\(link)"]
        case .replay: ["\(words.mailIfUnsure)\n\(link)"]
        case .disowned, .newPasswordWished(by: .mail): ["\(words.mailChoose)\n\(link)"]
        case .newPasswordWished(by: .password): ["\(words.mailSignIn)\n\(issuer)\(PagePath.signIn)"]
        }
    }

    /// When, on what, from where: nothing that somebody wrote freely. Who signs in could write to the user by it.
    private func facts(of record: EventRecord) -> String {
        var facts = [(words.mailWhen, words.full(record.at))]
        if let presenter = record.presenter {
            // A dot would make a link of a program's name.
            let device = words.device(userAgent: presenter.userAgent).filter { $0 != "." }
            facts.append((words.mailDevice, MailHeader.oneLine(device)))
            facts.append(
                (words.mailAddress, presenter.address.isEmpty ? words.unknownAddress : oneWord(presenter.address)))
        }
        return facts.map { "    \($0.0): \($0.1)" }.joined(separator: "\n")
    }

    /// The name of an account, where it is a name and nothing else: people choose theirs, and where anybody may sign up,
    /// also the address that it is mailed to.
    private func plainName(_ name: String) -> String? {
        let isPlain = name.unicodeScalars.allSatisfy { scalar in
            scalar.properties.isAlphabetic || "0123456789 _-".unicodeScalars.contains(scalar)
        }
        return isPlain && name.utf8.count <= 64 ? name : nil
    }

    private func oneWord(_ text: String) -> String {
        String(text.filter { $0.isASCII && ($0.isHexDigit || ".:%".contains($0)) }.prefix(64))
    }

    /// `auth.example.com`
    private var host: String {
        String(issuer.drop { $0 != "/" }.dropFirst(2).prefix { $0 != ":" || issuer.contains("[") })
    }
}

extension SecurityLink {
    init(about record: EventRecord, _ number: Int64, _ user: User) {
        self.init(user: user.id, event: number, happenedAt: record.at)
    }
}
