//! Pure: who writes, what they write, and what the AI platform of the demo answers.
use workbot_robot_sim::ChatMessage;
use workbot_robot_sim::random::Random;

/// Names of the robots that the platform answers for; one phone each.
pub const ROBOTS: &[&str] = &["客服小美", "售后小安", "订单助手", "会员管家"];
/// The robot that its flow answers for.
pub const FLOW_ROBOT: &str = "智能小微";
/// The robot whose phone has the WorkTool app; its flow answers, too.
pub const WORKTOOL_ROBOT: &str = "企微管家";
/// The group that phone is in.
pub const WORKTOOL_GROUP: &str = "社群福利群";
/// Who asks for this is given to a person, and the flow is silent from then on.
const PERSON: &str = "人工";
const CUSTOMERS: &[&str] =
    &["张三", "李四", "王芳", "刘洋", "陈静", "赵磊", "周敏", "吴强", "孙丽", "林晓燕", "何建国", "郭婷"];
const GROUPS: &[&str] = &["客服群", "VIP会员群", "新品体验群", "华东经销商群", "售后服务群", "周年庆活动群"];
/// Of 1,000 messages so many come from groups.
const GROUP_PERMILLE: u16 = 650;

/// What customers ask about; `{number}` stands for an order number.
#[derive(Debug)]
struct Topic {
    questions: &'static [&'static str],
    answers: &'static [&'static str],
}

const TOPICS: &[Topic] = &[
    Topic {
        questions: &["如何退款？", "我想退款，怎么操作？", "退款一般几天到账？"],
        answers: &[
            "您好，在「我的订单」里点「申请退款」即可，审核通过后 1–3 个工作日原路退回。",
            "可以的，收货 7 天内支持无理由退款，请您在订单页提交申请，我来帮您加急。",
        ],
    },
    Topic {
        questions: &[
            "订单 {number} 发货了吗？",
            "帮我查一下 {number} 到哪里了",
            "我的快递怎么还没到？单号 {number}",
        ],
        answers: &[
            "已为您查到：包裹昨天从杭州发出，预计明天下午送达。",
            "您的包裹正在派送中，快递员会提前电话联系您，请保持手机畅通。",
        ],
    },
    Topic {
        questions: &["这款有优惠吗？", "现在下单能便宜点不？", "满减券还能领吗"],
        answers: &[
            "有的，今天下单满 299 减 40，优惠券已经放到您的账户里了。",
            "本周会员日全场 9 折，可与店铺券叠加使用。",
        ],
    },
    Topic {
        questions: &["可以开发票吗？", "发票抬头写错了怎么办？", "需要增值税专用发票"],
        answers: &[
            "可以的，请把抬头和税号发给我，电子发票会在 24 小时内发到您的邮箱。",
            "没关系，提交正确的抬头后我们为您红冲重开。",
        ],
    },
    Topic {
        questions: &["蓝牙连不上了", "机器开不了机，怎么办？", "APP 提示设备离线"],
        answers: &[
            "请先长按电源键 10 秒重启设备，再在手机蓝牙里删除旧配对后重新连接。",
            "请确认路由器为 2.4G 频段；如果仍然离线，我为您安排工程师回电。",
        ],
    },
    Topic {
        questions: &["你们几点上班？", "周末有人值班吗？", "人工客服在吗"],
        answers: &["我们每天 9:00–21:00 在线，周末不休息。", "在的，请说，我来为您处理。"],
    },
    Topic {
        questions: &["积分怎么兑换？", "我的会员什么时候到期？", "生日礼在哪里领取"],
        answers: &[
            "在会员中心的「积分商城」就能兑换，100 积分抵 1 元。",
            "您的会员有效期可在「我的-会员卡」查看，到期前我们会提前提醒您。",
        ],
    },
    Topic {
        questions: &["质量太差了，我要投诉！", "等了一个星期都没人管", "给我一个说法"],
        answers: &[
            "非常抱歉给您带来不好的体验，我已把情况升级给主管，30 分钟内回电给您。",
            "实在对不起，请把订单号发我，我现在就跟进处理。",
        ],
    },
    Topic {
        questions: &["想代理你们的产品，怎么联系？", "团购 50 台有什么价格？"],
        answers: &[
            "欢迎合作！请留下公司名称和电话，商务同事今天会联系您。",
            "50 台以上享经销商价，我把报价单发给您，请稍等。",
        ],
    },
    Topic {
        questions: &["收到了，谢谢！", "问题解决了，感谢", "你们的服务真不错"],
        answers: &["不客气，有任何问题随时找我，祝您生活愉快！", "感谢您的认可，期待再次为您服务。"],
    },
];

/// What is answered to a question of no topic.
const FALLBACK: &str = "您好，已经收到您的消息，请问还有什么可以帮您？";

/// One message as a customer writes it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    /// Who writes.
    pub customer: &'static str,
    /// Where; `None` is a private chat.
    pub group: Option<&'static str>,
    /// What.
    pub text: String,
}

impl Line {
    /// What a customer writes next.
    pub fn draw(random: &mut Random) -> Self {
        let number = format!("WB{:08}", random.below(100_000_000));
        let questions = pick(TOPICS, random).map_or(&[][..], |topic| topic.questions);
        Self {
            customer: pick(CUSTOMERS, random).copied().unwrap_or("张三"),
            group: if random.hits(GROUP_PERMILLE) { pick(GROUPS, random).copied() } else { None },
            text: pick(questions, random).copied().unwrap_or("在吗？").replace("{number}", &number),
        }
    }

    /// What a customer writes next to a robot that its flow answers for.
    pub fn draw_for_flow(random: &mut Random) -> Self {
        loop {
            let line = Self::draw(random);
            if !line.text.contains(PERSON) {
                return line;
            }
        }
    }

    /// The message as the phone of this robot reports it.
    pub fn message(&self, robot: &str) -> ChatMessage {
        match self.group {
            Some(group) => ChatMessage::group_text(group, self.customer, &self.text)
                .with("rawSpoken", format!("@{robot} {}", self.text)),
            None => ChatMessage::text(self.customer, &self.text),
        }
    }

    /// `张三@客服群`, or the name alone in a private chat.
    pub fn place(&self) -> String {
        self.group.map_or_else(|| self.customer.to_owned(), |group| format!("{}@{group}", self.customer))
    }
}

/// What the AI platform answers. The same message gets the same answer, so that a repeated callback is a repeat and no new reply.
pub fn answer(spoken: &str, message_id: &str) -> &'static str {
    let topic = TOPICS.iter().find(|topic| topic.questions.iter().any(|question| is_about(spoken, question)));
    let Some(topic) = topic else { return FALLBACK };
    let number = message_id.bytes().fold(0_usize, |sum, byte| sum.wrapping_add(usize::from(byte)));
    let place = number.checked_rem(topic.answers.len()).unwrap_or(0);
    topic.answers.get(place).copied().unwrap_or(FALLBACK)
}

/// Whether a text is this question, whatever order number it names.
fn is_about(spoken: &str, question: &str) -> bool {
    match question.split_once("{number}") {
        Some((before, after)) => spoken.starts_with(before) && spoken.ends_with(after),
        None => spoken == question,
    }
}

/// The first characters of a text in one line, with an ellipsis when there are more.
pub fn shortened(text: &str, characters: usize) -> String {
    let mut rest = text.chars().map(|character| if character.is_whitespace() { ' ' } else { character });
    let mut short: String = rest.by_ref().take(characters).collect();
    if rest.next().is_some() {
        short.push('…');
    }
    short
}

fn pick<'a, T>(list: &'a [T], random: &mut Random) -> Option<&'a T> {
    let count = u64::try_from(list.len()).unwrap_or(u64::MAX);
    list.get(usize::try_from(random.below(count)).unwrap_or(0))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    #[test]
    fn every_question_has_a_fitting_answer() {
        let mut random = Random::new(3);
        let (mut texts, mut groups) = (HashSet::new(), 0);
        for number in 0..500 {
            let line = Line::draw(&mut random);
            let answer = answer(&line.text, &format!("msg_{number}"));
            let topic = TOPICS.iter().find(|topic| topic.answers.contains(&answer)).unwrap();
            assert!(
                topic.questions.iter().any(|question| is_about(&line.text, question)),
                "{line:?} {answer}"
            );
            groups += usize::from(line.group.is_some());
            texts.insert(line.text);
        }
        assert!(texts.len() > 20 && (200..450).contains(&groups), "{} {groups}", texts.len());
        assert_eq!(answer("别的", "m"), FALLBACK);
        assert_eq!(answer("如何退款？", "msg_1"), answer("如何退款？", "msg_1"));
    }

    #[test]
    fn messages_look_as_phones_report_them() {
        let line = Line { customer: "张三", group: Some("客服群"), text: "在吗".into() };
        let message = line.message("小美");
        assert_eq!(message.fields["rawSpoken"], "@小美 在吗");
        assert_eq!((line.place().as_str(), &message.fields["atMe"]), ("张三@客服群", &true.into()));
        let private = Line { group: None, ..line };
        assert_eq!(
            (private.place().as_str(), &private.message("小美").fields["groupName"]),
            ("张三", &"".into())
        );
    }

    #[test]
    fn long_texts_are_shortened_by_characters() {
        assert_eq!((shortened("您好，请问", 3).as_str(), shortened("您好", 2).as_str()), ("您好，…", "您好"));
    }
}
