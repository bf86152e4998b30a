/// How much speaks for somebody whose password is to be checked. Where many wait, those come first of whom most does,
/// and the others leave them places.
enum SignInStanding: Int, Sendable, Hashable, CaseIterable {
    /// Nothing: on this name many wrong passwords are tried just now, and its user was never where this one comes from.
    case underAttack
    /// Its user was never where this one comes from.
    case stranger
    /// The user was there before, or is signed in.
    case known
}
