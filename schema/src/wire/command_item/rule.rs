//! What each command type needs.

/// Something a type cannot do without.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Need {
    /// `titleList`, 1 to so many names.
    Titles(usize),
    /// A list with at least one entry.
    List(&'static str),
    /// A text that is not blank; `friend.name` reaches into an object.
    Text(&'static str),
    /// A number.
    Number(&'static str),
    /// `friend` with `phone` or `name`.
    Friend,
    /// `fileUrl` or `fileBase64`.
    File,
    /// `originalContent` or `messageId`: the command that is meant.
    Command,
}

/// Most names in `titleList`.
pub const TITLES: usize = 100;
/// Most names when files are pushed.
pub const FILE_TITLES: usize = 9;

/// What a type needs; the app answers anything less with an error or not at all.
pub fn needs(number: i32) -> &'static [Need] {
    use Need::*;
    match number {
        203 => &[Titles(TITLES)],
        204 => &[Titles(TITLES), Text("originalContent"), Number("textType")],
        205 => &[Titles(TITLES), List("nameList")],
        206 | 207 | 219 | 512 => &[Text("groupName")],
        208 | 209 => &[Titles(FILE_TITLES), Text("objectName")],
        213 => &[Friend],
        218 => &[Titles(FILE_TITLES), Text("objectName"), Text("fileType"), File],
        234 => &[Text("friend.name")],
        220 => &[Text("groupName"), Text("friend.name")],
        223 => &[Text("objectName")],
        225 => &[Text("groupName"), Text("friend.name"), Text("friend.markName")],
        305 => &[Command],
        501 => &[List("selectList")],
        _ => &[],
    }
}

/// Lists and texts without which a type has nothing to do, though the app does not fail: a warning.
pub fn wishes(number: i32) -> &'static [&'static str] {
    match number {
        203 => &["receivedContent"],
        210 => &["titleList", "objectName"],
        211 => &["titleList", "objectName"],
        221 => &["titleList", "receivedContent"],
        224 => &["titleList", "originalContent"],
        226 => &["titleList"],
        233 => &["fileUrl"],
        _ => &[],
    }
}

/// Whether the field of this type gives a name anew.
pub fn is_new_name(number: i32, field: &str) -> bool {
    match field {
        "newGroupName" | "groupRemark" | "friend.markName" | "markName" => true,
        "groupName" => number == 206,
        _ => false,
    }
}
