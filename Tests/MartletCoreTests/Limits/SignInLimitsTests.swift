import MartletProtocol
import Testing

@testable import MartletCore

struct SignInLimitsTests {
    private static let start = Timestamp(seconds: 1_767_225_600)
    private static let home = "192.0.2.7"
    private static let firefox = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"

    private func attempt(
        _ name: String = "alice", from address: String, by program: String = "curl/8.1"
    ) -> SignInAttempt {
        SignInAttempt(UsernameKey(name), from: Presenter(address: address, userAgent: program))
    }

    /// How many of these are let through, each with a wrong password.
    private func admitted(_ attempts: some Sequence<SignInAttempt>, by limits: inout SignInLimits, at now: Timestamp)
        -> Int
    {
        attempts.reduce(0) { count, attempt in
            guard case .admitted(let standing, _) = limits.admit(attempt, at: now) else { return count }
            limits.settle(attempt, admitted: standing, as: .wrong, at: now)
            return count + 1
        }
    }

    private func signIn(_ attempt: SignInAttempt, by limits: inout SignInLimits, at now: Timestamp) -> Bool {
        guard case .admitted(let standing, _) = limits.admit(attempt, at: now) else { return false }
        limits.settle(attempt, admitted: standing, as: .signedIn, at: now)
        return true
    }

    @Test func oneNetworkHasTenTriesAndThenOneInFiveMinutes() {
        var limits = SignInLimits(RateLimitSettings())
        let tries = (0..<1_000).map { attempt("ALICE", from: "198.51.100.\($0 % 256)") }
        #expect(admitted(tries, by: &limits, at: Self.start) == 10)
        #expect(admitted(tries, by: &limits, at: Self.start + .seconds(299)) == 0)
        #expect(admitted(tries, by: &limits, at: Self.start + .seconds(300)) == 1)
        // Nobody else is slowed by it: not this name from elsewhere, and no other name from there.
        #expect(admitted([attempt(from: Self.home)], by: &limits, at: Self.start) == 1)
        #expect(admitted([attempt("bob", from: "198.51.100.7")], by: &limits, at: Self.start) == 1)
    }

    /// 10,000 a minute for ten minutes, from as many networks as there are in a /12.
    @Test func aNameUnderAttackIsSlowedForEachNetworkByItself() {
        var limits = SignInLimits(RateLimitSettings())
        #expect(signIn(attempt(from: Self.home, by: Self.firefox), by: &limits, at: Self.start))
        var count = 0
        for second in 0..<600 {
            let now = Self.start + .seconds(second)
            let attack = (0..<167).map { index in
                let network = (second * 167 + index) % 4_096
                return attempt(from: "10.\(network / 256).\(network % 256).1")
            }
            count += admitted(attack, by: &limits, at: now)
            guard second.isMultiple(of: 60) else { continue }
            // The user from home, with an update of the browser, and from a network that was never seen before.
            let updated = Self.firefox.replacing("140.0", with: "141.0")
            #expect(signIn(attempt(from: Self.home, by: updated), by: &limits, at: now))
            #expect(signIn(attempt(from: "203.0.\(second / 60).1", by: "app/1"), by: &limits, at: now))
        }
        // Three tries each, some more of the first, and one in five minutes.
        #expect((4_096 * 3..<4_096 * 5 + 200).contains(count))
        // On a network of the attack, the user is slowed too where nobody knows them. That cannot be told apart.
        let there = (0..<256).map { attempt(from: "10.1.\($0).9", by: "app/1") }
        #expect(admitted(there, by: &limits, at: Self.start + .seconds(600)) < 100)
        #expect(admitted(there, by: &limits, at: Self.start + .seconds(4_000)) == 256)
    }

    /// Where the queue is full, nothing is checked: that says nothing for a name.
    @Test func whatCouldNotBeCheckedDoesNotEndAnAttack() {
        var limits = SignInLimits(RateLimitSettings())
        let tries = (0..<100).map { attempt(from: "10.0.\($0).1") }
        #expect(admitted(Array(tries.prefix(20)), by: &limits, at: Self.start) == 20)
        for attempt in tries.suffix(80) {
            guard case .admitted(let standing, mayBeKnown: _) = limits.admit(attempt, at: Self.start) else {
                Issue.record("each network has tries of its own")
                return
            }
            #expect(standing == .underAttack)
            limits.settle(attempt, admitted: standing, as: .none, at: Self.start)
        }
        // After 30 s one try of the name is forgotten, and no more.
        let later = Self.start + .seconds(30)
        let standings = tries.suffix(2).map { limits.admit($0, at: later) }
        #expect(
            standings == [
                .admitted(.stranger, mayBeKnown: true), .admitted(.underAttack, mayBeKnown: true),
            ])
    }

    @Test func aKnownPresenterHasALimitOfItsOwn() {
        var limits = SignInLimits(RateLimitSettings())
        let known = attempt(from: Self.home, by: Self.firefox)
        #expect(signIn(known, by: &limits, at: Self.start))
        // Somebody on the same network, with another program.
        let other = Array(repeating: attempt(from: "192.0.2.200"), count: 1_000)
        #expect(admitted(other, by: &limits, at: Self.start) == 10)
        #expect(signIn(known, by: &limits, at: Self.start))
        // And it is a limit.
        #expect(admitted(Array(repeating: known, count: 1_000), by: &limits, at: Self.start) == 20)
        #expect(admitted(Array(repeating: known, count: 1_000), by: &limits, at: Self.start + .seconds(30)) == 1)
        // A place is known for one name only.
        #expect(
            limits.admit(attempt("bob", from: Self.home, by: Self.firefox), at: Self.start)
                == .admitted(.stranger, mayBeKnown: true))
    }

    @Test func aNetworkThatTriesManyNamesIsSlowed() {
        var limits = SignInLimits(RateLimitSettings())
        let colleague = attempt("colleague", from: "198.51.100.9", by: Self.firefox)
        #expect(signIn(colleague, by: &limits, at: Self.start))
        let names = (0..<10_000).map { attempt("user\($0)", from: "198.51.100.1") }
        #expect(admitted(names, by: &limits, at: Self.start) == 100)
        // An account of the attacker's own forgives nothing.
        #expect(!signIn(attempt("mallory", from: "198.51.100.1"), by: &limits, at: Self.start))
        let later = Self.start + .seconds(10)
        #expect(signIn(attempt("mallory", from: "198.51.100.1"), by: &limits, at: later))
        #expect(admitted(names, by: &limits, at: later) == 1)
        // Colleagues behind the same address go on, and so does everybody elsewhere.
        #expect(signIn(colleague, by: &limits, at: Self.start))
        #expect(signIn(attempt("user1", from: Self.home), by: &limits, at: Self.start))
    }

    @Test func aSiteWithManyNetworksOfIPv6IsOne() {
        var limits = SignInLimits(RateLimitSettings())
        let networks = (0..<5_000).map { attempt("user\($0)", from: "2001:db8:1:\(String($0, radix: 16))::1") }
        #expect(admitted(networks, by: &limits, at: Self.start) == 400)
        #expect(admitted([attempt("user1", from: "2001:db8:2::1")], by: &limits, at: Self.start) == 1)
    }

    @Test func manyAtOnceAreCountedBeforeTheFirstHasFailed() {
        var limits = SignInLimits(RateLimitSettings())
        let tries = (0..<100).map { _ in limits.admit(attempt(from: Self.home), at: Self.start) }
        #expect(tries.filter { $0 == .admitted(.stranger, mayBeKnown: true) }.count == 10)
        // Those whose password could not be checked are taken back.
        for _ in 0..<10 { limits.settle(attempt(from: Self.home), admitted: .stranger, as: .none, at: Self.start) }
        #expect(
            admitted(Array(repeating: attempt(from: Self.home), count: 100), by: &limits, at: Self.start) == 10)
    }

    @Test func whereAUserWasIsAskedForOnceInAWhile() {
        var limits = SignInLimits(RateLimitSettings())
        let known = attempt(from: Self.home, by: Self.firefox)
        _ = admitted(Array(repeating: known, count: 10), by: &limits, at: Self.start)
        #expect(limits.admit(known, at: Self.start) == .refused(.seconds(300), mayBeKnown: true))
        limits.learn([], of: known.name, at: Self.start)
        #expect(limits.admit(known, at: Self.start) == .refused(.seconds(300), mayBeKnown: false))
        limits.learn([known.place].compactMap(\.self), of: known.name, at: Self.start)
        #expect(limits.admit(known, at: Self.start) == .admitted(.known, mayBeKnown: false))
    }

    /// Without an address there is nothing to tell an attacker by, and to count by name alone would shut the user out.
    @Test(arguments: ["", "unix:", "not an address"]) func withoutAnAddressNothingIsLimitedByIt(address: String) {
        var limits = SignInLimits(RateLimitSettings())
        #expect(admitted((0..<500).map { _ in attempt(from: address) }, by: &limits, at: Self.start) == 500)
    }

    @Test(arguments: [
        ("192.0.2.1", "192.0.2.255", true), ("192.0.2.1", "192.0.3.1", false),
        ("::ffff:192.0.2.1", "192.0.2.9", true), ("2001:db8::1", "2001:db8::ffff:ffff:ffff:ffff", true),
        ("2001:db8::1", "2001:db8:0:1::1", false),
    ])
    func aNetworkIsA24OrA64(one: String, other: String, areOne: Bool) throws {
        let prefixes = [try #require(AddressPrefix(one)), try #require(AddressPrefix(other))]
        #expect((prefixes[0] == prefixes[1]) == areOne)
    }
}
