//! Codes in `errorCode` of results and toasts, with their meaning.

/// One code.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ErrorCode {
    /// The number on the wire.
    pub number: i32,
    /// Chinese meaning.
    pub meaning: &'static str,
}

/// Carried out.
pub const OK: i32 = 0;
/// A field is missing or wrong.
pub const BAD_FORMAT: i32 = 101_011;
/// Not possible, or a type nobody knows.
pub const ILLEGAL_OPERATION: i32 = 101_012;
/// The phone lacks a permission.
pub const ILLEGAL_PERMISSION: i32 = 101_013;
/// The chat could not be found.
pub const CHAT_NOT_FOUND: i32 = 201_101;
/// The file could not be fetched.
pub const DOWNLOAD_FAILED: i32 = 201_107;
/// Toast: anything else, also "service is over".
pub const TOAST_OTHER: i32 = 501_000;
/// Toast: no such link id.
pub const TOAST_UNKNOWN_ROBOT: i32 = 501_011;
/// Toast: wrong robot key.
pub const TOAST_WRONG_KEY: i32 = 501_012;
/// Toast: another phone uses this link id.
pub const TOAST_OTHER_LOGIN: i32 = 501_013;

/// Every code, by number.
pub const ALL: &[ErrorCode] = &[
    ErrorCode { number: OK, meaning: "执行成功" },
    ErrorCode { number: BAD_FORMAT, meaning: "数据格式错误" },
    ErrorCode { number: ILLEGAL_OPERATION, meaning: "非法操作" },
    ErrorCode { number: ILLEGAL_PERMISSION, meaning: "非法权限" },
    ErrorCode { number: 101_014, meaning: "指令重复" },
    ErrorCode { number: 201_011, meaning: "创建群失败" },
    ErrorCode { number: 201_012, meaning: "群改名失败" },
    ErrorCode { number: 201_013, meaning: "群拉人失败" },
    ErrorCode { number: 201_014, meaning: "群踢人失败" },
    ErrorCode { number: 201_015, meaning: "修改群公告失败" },
    ErrorCode { number: 201_016, meaning: "修改群备注失败" },
    ErrorCode { number: 201_017, meaning: "设置群模板失败" },
    ErrorCode { number: 201_018, meaning: "建群数量达到上限" },
    ErrorCode { number: CHAT_NOT_FOUND, meaning: "查找聊天窗失败" },
    ErrorCode { number: 201_102, meaning: "发送消息失败" },
    ErrorCode { number: 201_103, meaning: "寻找按钮失败" },
    ErrorCode { number: 201_104, meaning: "寻找目标失败" },
    ErrorCode { number: 201_105, meaning: "转发失败" },
    ErrorCode { number: 201_106, meaning: "重复添加" },
    ErrorCode { number: DOWNLOAD_FAILED, meaning: "文件下载失败" },
    ErrorCode { number: 201_108, meaning: "文件存储失败" },
    ErrorCode { number: 201_109, meaning: "获取群二维码失败" },
    ErrorCode { number: TOAST_OTHER, meaning: "其他错误" },
    ErrorCode { number: TOAST_UNKNOWN_ROBOT, meaning: "机器人编号不存在" },
    ErrorCode { number: TOAST_WRONG_KEY, meaning: "机器人密钥错误" },
    ErrorCode { number: TOAST_OTHER_LOGIN, meaning: "机器人已在其他设备登录" },
];

/// The row of a number, or `None` for a code nobody documented.
pub fn find(number: i32) -> Option<&'static ErrorCode> {
    ALL.binary_search_by_key(&number, |code| code.number).ok().and_then(|place| ALL.get(place))
}

/// The Chinese meaning of a number.
pub fn meaning(number: i32) -> &'static str {
    find(number).map_or("未知错误", |code| code.meaning)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::commands::state::{RETRYABLE, UNSPECIFIED_ERROR};

    #[test]
    fn numbers_ascend_and_all_are_found() {
        assert!(ALL.is_sorted_by(|a, b| a.number < b.number));
        assert_eq!(ALL.len(), 26);
        assert!(ALL.iter().all(|code| find(code.number) == Some(code)));
        assert_eq!(meaning(7), "未知错误");
    }

    #[test]
    fn codes_named_elsewhere_have_a_meaning() {
        for number in RETRYABLE.into_iter().chain([UNSPECIFIED_ERROR]) {
            assert!(find(number).is_some(), "{number}");
        }
    }
}
