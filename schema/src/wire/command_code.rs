//! WorkTool's command types: number, names, and how a phone answers them.

/// What a WorkTool phone sends after it has carried out a command; native phones report every command.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Answer {
    /// One result, always.
    Result,
    /// A result only when it failed.
    FailureOnly,
    /// No result: the confirmation ends its place on the phone.
    Nothing,
}

/// One command type.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CommandCode {
    /// WorkTool's number.
    pub number: i32,
    /// Chinese name, for people.
    pub label: &'static str,
    /// `commandType` on the native socket, snake_case.
    pub name: &'static str,
    /// What a WorkTool phone answers.
    pub answer: Answer,
    /// Whether the open WorkTool app carries it out; newer closed apps know more.
    pub is_in_open_app: bool,
}

impl CommandCode {
    /// Whether a result frame ends it on a WorkTool phone.
    pub fn expects_result(self) -> bool {
        self.answer == Answer::Result
    }

    /// Whether it carries a file the phone has to fetch first, so that it has the longer result time-out.
    pub fn is_file(self) -> bool {
        matches!(self.number, 208 | 209 | 218)
    }

    /// Whether it is pushed to a phone at all; 305 works on the server's queue alone.
    pub fn is_pushed(self) -> bool {
        self.number != 305
    }

    /// Whether native phones get it; the start frames of the WorkTool app mean nothing to them.
    pub fn is_for_native(self) -> bool {
        self.is_pushed() && self.is_accepted()
    }

    /// Whether callers may send it; the rest is between server and app.
    pub fn is_accepted(self) -> bool {
        matches!(self.number, 203..=243 | 304 | 305 | 501..=515)
    }
}

/// The type of a number, or `None` when there is none.
pub fn find(number: i32) -> Option<&'static CommandCode> {
    ALL.binary_search_by_key(&number, |code| code.number).ok().and_then(|place| ALL.get(place))
}

/// The type of a number that callers may send.
pub fn find_accepted(number: i32) -> Option<&'static CommandCode> {
    find(number).filter(|code| code.is_accepted())
}

/// `commandType` on the native socket; a number without a name is `command`.
pub fn native_name(number: i32) -> &'static str {
    find(number).map_or("command", |code| code.name)
}

/// The number behind a `commandType`.
pub fn find_by_name(name: &str) -> Option<&'static CommandCode> {
    ALL.iter().find(|code| code.name == name)
}

/// The Chinese name of a number.
pub fn label(number: i32) -> &'static str {
    find(number).map_or("未知指令", |code| code.label)
}

macro_rules! codes {
    ($($number:literal $name:ident $label:literal $answer:ident $where:ident;)+) => {
        /// Every type, by number.
        pub const ALL: &[CommandCode] = &[$(CommandCode {
            number: $number,
            label: $label,
            name: stringify!($name),
            answer: Answer::$answer,
            is_in_open_app: codes!(@ $where),
        }),+];
    };
    (@ open) => { true };
    (@ closed) => { false };
}

codes! {
    102 show_toast "交互通知" Nothing open;
    201 stop_receiving "停止接收并回首页" Nothing open;
    202 start_receiving "开始接收新消息" Nothing open;
    203 send_message "发送文本" Result open;
    204 quote_reply "指定消息回复" Result open;
    205 forward_message "转发消息" Result open;
    206 create_group "创建群" Result open;
    207 update_group "修改群信息" Result open;
    208 send_drive_image "推送微盘图片" Result open;
    209 send_drive_file "推送微盘文件" Result open;
    210 send_mini_program "推送小程序" Result open;
    211 send_document "推送腾讯文档或收集表" Result open;
    212 accept_friend "通过好友请求" Nothing closed;
    213 add_friend "添加好友或修改好友信息" Result open;
    214 show_group_info "展示群信息" Result open;
    215 add_moderation_rule "添加防骚扰规则" Nothing closed;
    216 update_moderation_rule "修改防骚扰规则" Nothing closed;
    217 remove_moderation_rule "删除防骚扰规则" Nothing closed;
    218 send_file "推送文件、图片或音视频" Result open;
    219 dissolve_group "解散群" Result open;
    220 add_group_friend "从外部群添加好友" Result open;
    221 add_todo "添加待办" Result open;
    222 clock_in "打卡" Result open;
    223 switch_corporation "切换企业" Result open;
    224 send_link "发送链接" Result open;
    225 update_member_remark "修改群成员备注" FailureOnly open;
    226 recall_message "撤回消息" Result open;
    227 forward_separately "批量转发" Result open;
    228 forward_merged "合并转发" Result open;
    229 send_separately "批量发送" Result open;
    230 send_merged "合并发送" Result open;
    231 voice_call "语音通话" Nothing closed;
    232 video_call "视频通话" Nothing closed;
    233 scan_qrcode "扫一扫" Result open;
    234 delete_contact "删除联系人" Result open;
    235 click_recommendation "点击推荐条" Result closed;
    236 delete_one_way_friends "删除单向好友" Result closed;
    237 clean_storage "清理存储空间" Result closed;
    238 send_texts "批量发送连续文本" Result closed;
    239 create_group_entry_code "获取永久入群活码" Result closed;
    240 command_240 "扩展指令 240" Result closed;
    241 command_241 "扩展指令 241" Result closed;
    242 command_242 "扩展指令 242" Result closed;
    243 join_group_by_qrcode "二维码图片加群" Result closed;
    304 clear_queue "清空待执行指令" Nothing open;
    305 cancel_command "清除指定指令" Nothing closed;
    501 get_group_info "获取群信息" Nothing open;
    502 get_friend_info "获取好友信息" Nothing open;
    503 get_my_info "获取我的信息" Nothing open;
    504 get_group_qrcode "获取群二维码" Nothing closed;
    505 list_recent_chats "获取最近聊天列表" Nothing open;
    506 list_corporations "获取企业列表" Nothing open;
    507 list_friends "获取全部好友" Result open;
    508 list_groups "获取全部群" Result open;
    509 get_local_file "获取本地文件" Result open;
    510 command_510 "扩展指令 510" Result closed;
    511 command_511 "扩展指令 511" Result closed;
    512 get_group_members "获取群成员" Result closed;
    513 command_513 "扩展指令 513" Result closed;
    514 command_514 "扩展指令 514" Result closed;
    515 list_group_names "获取群名" Result closed;
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::commands::operations::ResultTimeouts;

    #[test]
    fn numbers_ascend_and_names_are_unique() {
        assert!(ALL.is_sorted_by(|a, b| a.number < b.number));
        let names: BTreeSet<_> = ALL.iter().map(|code| code.name).collect();
        assert_eq!(names.len(), ALL.len());
        assert!(ALL.iter().all(|code| find_by_name(code.name) == find(code.number)));
    }

    #[test]
    fn every_accepted_number_has_a_row() {
        for number in (203..=243).chain([304, 305]).chain(501..=515) {
            assert!(find_accepted(number).is_some(), "{number}");
        }
        for number in [0, -1, 102, 201, 202, 244, 301, 303, 306, 500, 516, 900] {
            assert!(find_accepted(number).is_none(), "{number}");
        }
    }

    #[test]
    fn file_types_are_those_with_the_longer_time_out() {
        let timeouts = ResultTimeouts { plain_secs: 1, file_secs: 2 };
        for code in ALL {
            assert_eq!(code.is_file(), timeouts.of(code.number).num_seconds() == 2, "{}", code.number);
        }
    }

    #[test]
    fn names_of_the_seed_types() {
        for (number, name) in
            [(203, "send_message"), (218, "send_file"), (206, "create_group"), (1, "command")]
        {
            assert_eq!(native_name(number), name);
        }
        assert!(!find(305).unwrap().is_for_native() && find(304).unwrap().is_for_native());
        assert!(!find(202).unwrap().is_for_native());
    }
}
