//! Pure: the seven personas that come with the program.
use serde::Deserialize;

use super::{PERSONAS, PresetError, read};

/// A persona of `config/personas.toml`.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct PresetPersona {
    /// `persona_001` and so on.
    pub id: String,
    /// Shown name.
    pub name: String,
    /// What robots' groups and types map to.
    pub role_type: String,
    /// What it is for.
    pub description: String,
    /// What the model is told.
    pub system_prompt: String,
    /// 0.0 to 2.0.
    pub temperature: f64,
    /// Longest answer, in tokens.
    pub max_tokens: u32,
    /// `modelId` of the model it would rather use.
    pub preferred_model: String,
    /// What its model must be able to do.
    pub capabilities: Vec<String>,
}

/// The personas in the order of their ids.
pub fn personas() -> Result<Vec<PresetPersona>, PresetError> {
    #[derive(Deserialize)]
    #[serde(deny_unknown_fields)]
    struct File {
        persona: Vec<PresetPersona>,
    }
    read::<File>(PERSONAS, include_str!("../../../config/personas.toml")).map(|file| file.persona)
}

#[cfg(test)]
mod tests {
    use super::*;

    const COMMUNITY: &str = "你是一个专业的社群运营助手，负责：\n1. 热情欢迎新成员加入\n2. 引导用户了解社群规则和价值\n3. 组织和推广社群活动\n4. 回答社群相关问题\n5. 维护社群良好氛围";
    const SERVICE: &str = "你是一个专业的售后客服，负责：\n1. 耐心倾听用户问题\n2. 提供专业的解决方案\n3. 跟进问题处理进度\n4. 收集用户反馈\n5. 提升用户满意度";
    const CONVERSION: &str = "你是一个专业的转化客服，负责：\n1. 了解用户需求和痛点\n2. 介绍产品优势和价值\n3. 引导用户下单购买\n4. 解答购买相关疑问\n5. 提升转化率";

    #[test]
    fn seven_with_their_names_and_types() {
        let expected = [
            ("persona_001", "社群运营机器人", "community"),
            ("persona_002", "售后处理机器人", "service"),
            ("persona_003", "转化客服机器人", "conversion"),
            ("persona_004", "技术支持机器人", "tech_support"),
            ("persona_005", "产品咨询机器人", "product_info"),
            ("persona_006", "客户关系机器人", "customer_relation"),
            ("persona_007", "智能助手机器人", "assistant"),
        ];
        let personas = personas().unwrap();
        let found: Vec<(&str, &str, &str)> =
            personas.iter().map(|one| (one.id.as_str(), one.name.as_str(), one.role_type.as_str())).collect();
        assert_eq!(found, expected);
    }

    #[test]
    fn the_three_given_ones_have_exactly_their_values() {
        let given =
            |id: &str, name: &str, role: &str, about: &str, prompt: &str, temperature, can: [&str; 2]| {
                PresetPersona {
                    id: id.into(),
                    name: name.into(),
                    role_type: role.into(),
                    description: about.into(),
                    system_prompt: prompt.into(),
                    temperature,
                    max_tokens: 2000,
                    preferred_model: "doubao-pro-32k".into(),
                    capabilities: can.map(str::to_owned).to_vec(),
                }
            };
        let expected = [
            given(
                "persona_001",
                "社群运营机器人",
                "community",
                "负责社群管理、用户互动、活动推广",
                COMMUNITY,
                0.8,
                ["chat", "intent_recognition"],
            ),
            given(
                "persona_002",
                "售后处理机器人",
                "service",
                "负责售后咨询、问题处理、投诉建议",
                SERVICE,
                0.7,
                ["service_reply", "intent_recognition"],
            ),
            given(
                "persona_003",
                "转化客服机器人",
                "conversion",
                "负责用户转化、营销推广、引导下单",
                CONVERSION,
                0.9,
                ["conversion", "chat"],
            ),
        ];
        assert_eq!(personas().unwrap()[..3], expected);
    }

    #[test]
    fn the_other_four_are_of_the_same_form() {
        for persona in personas().unwrap() {
            let lines: Vec<&str> = persona.system_prompt.lines().collect();
            assert_eq!(lines.len(), 6, "{}", persona.id);
            assert!(
                lines[0].starts_with("你是一个专业的") && lines[0].ends_with("，负责："),
                "{}",
                persona.id
            );
            for (number, line) in lines.iter().enumerate().skip(1) {
                assert!(line.starts_with(&format!("{number}. ")), "{}: {line}", persona.id);
            }
            assert!((0.0..=1.0).contains(&persona.temperature), "{}", persona.id);
            assert_eq!(persona.max_tokens, 2000, "{}", persona.id);
        }
    }
}
