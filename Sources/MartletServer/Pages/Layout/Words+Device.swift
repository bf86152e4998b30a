import MartletCore

extension Words {
    /// What a person calls the device of a session: its own name where the sign-in gave one, else what its `User-Agent`
    /// tells of it.
    func device(of session: Session) -> String {
        session.device ?? device(userAgent: session.lastPresenter.userAgent)
    }

    func device(userAgent: String) -> String {
        let device = DeviceWords(userAgent)
        if let program = device.program, let system = device.system { return deviceOn(program, system) }
        return device.program ?? device.system ?? unknownDevice
    }
}
