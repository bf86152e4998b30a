import MartletCore
import MartletProtocol

/// Every word on the pages, in one language: the whole catalogue. The initial values are the English ones.
///
/// Another language is a value of this type, in a file of its own, with its words put in place of these, and an entry
/// in ``all``. Words that it leaves out stay English.
struct Words: Sendable {
    /// The language tag (RFC 5646) that its pages carry.
    var language = "en"

    static let english = Words()
    /// What a browser can choose from, English first.
    static let all: [Words] = [.english]

    // MARK: On every page
    var skip = "Skip to the content"
    var mainNavigation = "Main"
    var consoleNavigation = "Console"
    var account = "Account"
    var console = "Console"
    var signOut = "Sign out"
    var otherSite = "This form was not sent from a page of this server, so nothing was done."
    var otherNameTitle = "Open this by its own name"
    var otherName: @Sendable (String) -> String = { origin in
        """
        You opened this page as \(origin), which is not the name that this server goes by. So nothing was done, and \
        nothing that you typed was used.
        """
    }
    var openThere = "Open it by its own name"
    var formType = "A form is sent as application/x-www-form-urlencoded."
    var oldForm = "This page was opened before you last signed in or out. Open it again and repeat what you did."

    // MARK: Signing in and up
    var signIn = "Sign in"
    var signInTitle = "Sign in"
    var username = "Username"
    var password = "Password"
    var email = "E-mail address"
    var optional = "optional"
    var noAccount = "No account yet?"
    var signUp = "Sign up"
    var signUpTitle = "Make an account"
    var haveAccount = "Have an account already?"
    var invitationNeededTitle = "Sign-up is by invitation"
    var invitationNeededText = "Ask an administrator for a link. It lets you make an account."
    var invitationOverTitle = "This invitation does not work"
    var invitationOverText =
        "It was used already, has expired, or the link is not complete. Ask whoever sent it for another."
    var passwordHint: @Sendable (Int) -> String = { "At least \($0) characters. A few words make a good one." }
    var wrongCredentials = "The username or the password is wrong."
    var tooMany = "There were too many attempts. Wait a little, then try again."
    var busy = "The server is busy. Wait a moment, then try again."
    var storageAway = "The server cannot reach its storage right now. You are not signed out; try again in a moment."
    var usernameTaken = "This username is taken; choose another."
    var signedOutTitle = "You are signed out"
    var signedOutText = "Nobody can use this browser as you any more."
    var signInAgain = "Sign in again"
    var signInFirst = "Sign in to go on."
    var over: @Sendable (EndReason?) -> String = { reason in
        switch reason {
        case .signedOutElsewhere?: "You signed this browser out from another device. Sign in to go on."
        case .revokedByAdmin?: "An administrator ended your session. Sign in to go on."
        case .expiredIdle?: "You were away for too long. Sign in to go on."
        case .expiredAbsolute?: "You were signed in for as long as it is allowed. Sign in to go on."
        case .passwordChangeRequired?: "The account needs a new password before anybody signs in."
        case .passwordChanged?: "The password was changed, which ends all other sessions. Sign in with the new one."
        case .suspiciousActivity?: "Something in your session did not look like you. Sign in to go on."
        case .userDisabled?: "This account is disabled. Ask an administrator."
        default: "Your session is over. Sign in to go on."
        }
    }

    // MARK: A new password that is needed
    var newPasswordTitle = "Choose a new password"
    var newPasswordNeeded = "An administrator wants you to choose a new password before you go on."
    var newPasswordByMailTitle = "A new password is needed"
    var newPasswordByMail = """
        Somebody said that what happened in this account was not its owner's doing. So the password is refused until \
        the owner chooses a new one, by the link in the mail that was sent to the account's address. If no mail comes, \
        ask an administrator.
        """
    var setNewPassword = "Set the new password"
    var anotherPassword = "It has to be another one than before."

    // MARK: This wasn't me
    var wasntMeTitle = "Was this you?"
    var wasntMeHappened = "This happened in your account:"
    var wasntMeForgotten = "The record of what happened is no longer kept."
    var wasntMeWill = "If it wasn't you, the button below does this at once:"
    var wasntMeEnds = "Every browser and app is signed out of your account, whoever holds it. You are signed out, too."
    var wasntMeRefuses = "The present password is refused, since somebody else may know it."
    var wasntMeChooses = "Then you choose a new password here, and sign in with it."
    var wasntMe = "This wasn't me"
    var wasMe = "If it was you, there is nothing to do: close this page. So far, nothing has been changed."
    var wasntMeDone = "Everybody is signed out of your account, and its password is refused. Choose a new one now."
    var recoveredTitle = "The password was changed"
    var recovered =
        "Everybody was signed out, and a new password was chosen by a link like this one. Nothing is left to do."
    var badLinkTitle = "This link does not work"
    var badLink = """
        It is not complete, or older than seven days. Copy all of it from the mail. If you think that somebody else uses \
        your account, sign in and change the password, or ask an administrator.
        """

    // MARK: The first administrator
    var welcomeTitle = "Welcome to Martlet"
    var welcomeText = "Make the first administrator. This link works once."
    var makeAdministrator = "Make the administrator"
    var linkOverTitle = "This link does not work"
    var linkOverText = """
        It works once and for an hour, as long as there is no administrator. Check that all of it was copied. Where there \
        is no administrator yet, starting the server again prints another link.
        """

    // MARK: Errors
    var errorTitle: @Sendable (Int) -> String = { status in
        switch status {
        case 400: "The request is malformed"
        case 403: "This is not allowed"
        case 404: "There is no such page"
        case 405: "This cannot be done here"
        case 413: "This is too large"
        case 429: "Too many attempts"
        case 503: "The server is busy"
        case 500...: "The server failed"
        default: "This did not work"
        }
    }
    var noSuchPage = "The address may be mistyped, or what was here is gone."
    var forAdministrators = "The console is for users with the role admin."
    var failed = "Nothing is lost. Try again in a moment; the server's log says more."
    var toAccount = "Go to your account"

    // MARK: The account
    var accountTitle = "Your account"
    var profile = "Profile"
    var memberSince = "Member since"
    var roles = "Roles"
    var noRoles = "none"
    var changePassword = "Change the password"
    var presentPassword = "Present password"
    var newPassword = "New password"
    var passwordEnds = "This signs you out everywhere else."
    var passwordChanged = "The password is changed, and you are signed out everywhere else."
    var presentPasswordWrong = "The present password is wrong."
    var whereSignedIn = "Where you are signed in"
    var thisDevice = "this one"
    var firstSeen = "Signed in"
    var lastSeen = "last seen"
    var address = "Address"
    var unknownAddress = "unknown address"
    var signOutThere = "Sign out"
    var signOutOthers = "Sign out everywhere else"
    var signOutOthersText = "Every other browser and app has to sign in again."
    var signedOutThere = "It is signed out."
    var signedOutOthers = "You are signed out everywhere else."
    var onlyHere = "You are signed in nowhere else."
    var recentEvents = "Recent activity"
    var noEventsYet = "Nothing has happened yet."

    // MARK: The console
    var overview = "Overview"
    var users = "Users"
    var sessions = "Sessions"
    var clients = "Clients"
    var keys = "Signing keys"
    var revocations = "Revocations"
    var liveSessions = "Live sessions"
    var signInsToday = "Sign-ins in 24 hours"
    var endsToday = "Ends in 24 hours"
    var signInsChart = "Sign-ins"
    var liveChart = "Live sessions"
    var renewalsChart = "Renewals"
    var repeatShareChart = "Repeats for 100 renewals"
    var endsChart = "Ended sessions"
    var refusedChart = "Refused renewals"
    var failedChart = "Failed sign-ins"
    var replaysChart = "Replays"
    var chartSummary: @Sendable (_ total: String, _ most: String) -> String = {
        $0 == "0" ? "none in 14 days" : "\($0) in 14 days, at most \($1) in one day"
    }
    var liveSummary: @Sendable (_ now: String, _ most: String) -> String = {
        "\($0) now, at most \($1) at the end of a day"
    }
    var repeatShareSummary: @Sendable (_ repeats: String, _ renewals: String) -> String = {
        $1 == "0" ? "no renewal in 14 days" : "\($0) for \($1) renewals in 14 days"
    }
    var whatRepeatsAre = "A repeat is a renewal that is asked for again: its answer was lost, or tabs share a token."
    var renewalsLate = "Renewals are recorded every ten minutes, so the newest are still to come."
    var renewalsUnknown = "Renewals are not recorded, as the key events.renewals says."
    var numbers = "The numbers"
    var day = "Day (24 hours to)"
    var count = "Count"
    var counting = "The numbers are being counted. They will be here in a moment, by themselves."
    var countedAt = "Counted at"
    var search = "Search"
    var searchUsers = "Name begins with"
    var order = "Order"
    var byAge = "Newest first"
    var byName = "By name"
    var show = "Show"
    var state = "State"
    var live = "Live"
    var ended = "Ended"
    var every = "All"
    var ofUser = "Of the user"
    var next = "Next page"
    var first = "First page"
    var noUsers = "No user is found."
    var noSessions = "No session is found."
    var noRevocations = "Nothing is revoked at present."
    var user = "User"
    var created = "Created"
    var device = "Device"
    var client = "Client"
    var seen = "Last seen"
    var enabled = "enabled"
    var disabled = "disabled"
    var disable = "Disable"
    var disableText = "The user is signed out everywhere and cannot sign in until enabled again."
    var enable = "Enable"
    var needsPassword = "needs a new password"
    var requirePassword = "Require a new password"
    var requirePasswordText = """
        The user is signed out everywhere, and has to choose a new password at the next sign-in, beside the present one.
        """
    var doneRequired = "The user is signed out everywhere, and needs a new password."
    var endSessions = "End all sessions"
    var endSessionsText = "The user is signed out everywhere, and may sign in again."
    var endSession = "End this session"
    var endSessionText = "Its tokens are refused from now on."
    var yourself = "This is your own account, so it cannot be disabled here."
    var doneDisabled = "The user is disabled and signed out everywhere."
    var doneEnabled = "The user is enabled."
    var doneEnded = "It is over."
    var doneRotated = "A new key is made and published. It is used once all verifiers can know it."
    var story = "Story"
    var signedInFrom = "Signed in"
    var renewals = "Renewals"
    var renewalsAndRepeats: @Sendable (_ renewals: Int, _ repeats: Int, _ orMore: Bool) -> String = {
        $1 == 0 ? "\($0)" : "\($0), and \($2 ? "at least " : "")\($1) repeated"
    }
    var places = "Seen at"
    var delivery = "Delivery"
    var deliveryName: @Sendable (Delivery) -> String = { delivery in
        switch delivery {
        case .body: "tokens in the answer"
        case .cookie: "refresh token in a cookie"
        case .page: "this server's pages"
        }
    }
    var endsUnused = "Ends if unused"
    var endsAtLatest = "Ends at the latest"
    var userGone = "removed user"
    var kind = "Kind"
    var scopes = "Scopes"
    var audience = "Audience"
    var profileName = "Profile"
    var isPublic = "public"
    var isConfidential = "confidential"
    var issuerItself = "this server"
    var usualProfile = "the server's own"
    var keysText = "Access tokens are signed with the active key. Verifiers fetch all of them."
    var refreshKeys = "Refresh token keys"
    var refreshKeysText = "They authenticate refresh tokens, and never leave the server."
    var rotate = "Rotate"
    var rotateText = "A new key is made now and takes over once it has been published for long enough. Nothing fails."
    var algorithm = "Algorithm"
    var from = "Used from"
    var removed = "Removed at"
    var keyState: @Sendable (KeySchedule.State) -> String = { state in
        switch state {
        case .upcoming: "published, not used yet"
        case .active: "active"
        case .retiring: "kept for what it signed"
        case .dead: "to be removed"
        }
    }
    var events = "Events"
    var noEvents = "No event is found."
    var kindOfEvent = "Kind of event"
    var whatHappened = "What happened"
    var time = "Time"
    var session = "Session"
    var follow = "Follow live"
    var stopFollowing = "Stop following"
    var following = "This page is fetched anew every few seconds."
    var whatIsRevoked = "What"
    var until = "Kept until"
    var madeBefore = "made before"
    var everything = "everything"

    // MARK: Mail
    var mailSubject: @Sendable (MailTopic, _ host: String) -> String = { topic, host in
        switch topic {
        case .newDevice: "New sign-in to your account at \(host)"
        case .longSilence: "Your account at \(host) is used again"
        case .unusual: "Unusual activity in your account at \(host)"
        case .replay: "You were signed out of \(host) for safety"
        case .passwordChanged: "Your password at \(host) was changed"
        case .disowned, .newPasswordWished: "Your account at \(host) needs a new password"
        }
    }
    var mailGreeting: @Sendable (_ name: String?) -> String = { name in name.map { "Hello \($0)," } ?? "Hello," }
    var mailHappened: @Sendable (MailTopic) -> String = { topic in
        switch topic {
        case .newDevice: "somebody signed in to your account with a device or program that it had not seen before."
        case .longSilence: "somebody signed in to your account, which had not been used for long."
        case .unusual(isEnded: false): "your account was used in a way that is unusual for you."
        case .unusual(isEnded: true):
            "your account was used in a way that is unusual for you, so it was signed out there."
        case .replay:
            """
            two devices or programs used one and the same sign-in of yours. One of them may be a stranger's, so it was \
            signed out. A copied or restored device can be the cause, too.
            """
        case .passwordChanged: "the password of your account was changed."
        case .disowned:
            """
            you, or somebody who reads your mail, said that something in your account was not your doing. So everybody \
            was signed out of it, and its password is refused.
            """
        case .newPasswordWished:
            "an administrator wishes that you choose a new password. You were signed out everywhere."
        }
    }
    var mailWhen = "When"
    var mailDevice = "Device"
    var mailAddress = "Address"
    var mailIfYou = "If this was you, there is nothing to do."
    var mailIfNot =
        "If it was not you, open this page. It says what it will do, and does nothing before you press its button:"
    var mailIfUnsure = """
        If you don't know of it, open this page. It says what it will do, and does nothing before you press its button:
        """
    var mailChoose = "Choose the new password on this page:"
    var mailSignIn = "Sign in with your present password, and you are asked for a new one:"
    var mailUntil: @Sendable (_ time: String) -> String = { "The link works until \($0). Give it to nobody." }
    var mailLast = "No more mails of this kind are sent to you today. Your account's page has everything:"
    var mailSignature: @Sendable (_ issuer: String) -> String = { "Sent by \($0), where you have an account." }
    var mailTestSubject = "Mail from Martlet works"
    var mailTest: @Sendable (_ issuer: String) -> String = {
        "This is a test that an operator of \($0) asked for. It arrived, so mail works."
    }

    // MARK: Numbers, times and devices
    /// What stands between groups of three digits.
    var groupSeparator = ","
    var now = "just now"
    var minutes: @Sendable (Int64) -> String = { $0 == 1 ? "a minute ago" : "\($0) minutes ago" }
    var hours: @Sendable (Int64) -> String = { $0 == 1 ? "an hour ago" : "\($0) hours ago" }
    var days: @Sendable (Int64) -> String = { $0 == 1 ? "yesterday" : "\($0) days ago" }
    var months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
    var deviceOn: @Sendable (_ program: String, _ system: String) -> String = { "\($0) on \($1)" }
    var unknownDevice = "Unknown device"
}
