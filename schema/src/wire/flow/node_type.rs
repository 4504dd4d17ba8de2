//! The eleven kinds of node.

crate::text_enum! {
    /// What a node does.
    pub enum NodeType {
        /// Where every run starts: the message is here and stored.
        MessageReceive = "message_receive",
        /// Asks what the message wants.
        Intent = "intent",
        /// Chooses one way by the conditions on its edges.
        Decision = "decision",
        /// Writes the reply.
        AiReply = "ai_reply",
        /// Decides who gets it.
        MessageDispatch = "message_dispatch",
        /// Makes the command.
        SendCommand = "send_command",
        /// Waits for the result of the command.
        CommandStatus = "command_status",
        /// Ends the run.
        End = "end",
        /// Stores an alert.
        AlertSave = "alert_save",
        /// Finds the rules that match.
        AlertRule = "alert_rule",
        /// Tells people of the alert.
        ExecuteNotification = "execute_notification",
    }
}

impl NodeType {
    /// The name people read when a node has none of its own.
    pub fn label(self) -> &'static str {
        match self {
            Self::MessageReceive => "消息接收与数据库保存",
            Self::Intent => "意图AI分析",
            Self::Decision => "决策节点",
            Self::AiReply => "AI客服回复",
            Self::MessageDispatch => "消息分发",
            Self::SendCommand => "发送指令",
            Self::CommandStatus => "指令状态记录",
            Self::End => "结束节点",
            Self::AlertSave => "告警入库",
            Self::AlertRule => "告警规则判断",
            Self::ExecuteNotification => "执行通知",
        }
    }
}
