import CWebAssets

/// What pages look like: the stylesheet and the icon, of `Web/pages`, as they are embedded in the binary.
struct PageStyle: Sendable {
    private let sheet = unsafe PageAsset(
        UnsafeBufferPointer(start: martlet_pages_css, count: martlet_pages_css_length), name: "css",
        type: "text/css; charset=utf-8")
    private let icon = unsafe PageAsset(
        UnsafeBufferPointer(start: martlet_pages_icon, count: martlet_pages_icon_length), name: "svg",
        type: "image/svg+xml")

    /// The stylesheet's.
    var path: String { sheet.path }
    var iconPath: String { icon.path }
    var assets: [PageAsset] { [sheet, icon] }
}
