//! Pure: the 153 templates that come with the program, one file a category.
use serde::Deserialize;

use super::{PresetError, read};

/// A template of `config/templates/`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PresetTemplate {
    /// `template_001` to `template_153`.
    pub id: String,
    /// Its scene.
    pub category: String,
    /// Shown name.
    pub name: String,
    /// When to use it.
    pub description: String,
    /// Its text.
    pub template: String,
    /// The variables of its text, each once, in order of appearance.
    pub variables: Vec<String>,
    /// The persona type it is written for; none = all.
    pub persona_type: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    category: String,
    template: Vec<Entry>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Entry {
    id: String,
    name: String,
    description: String,
    template: String,
    variables: Vec<String>,
    persona_type: Option<String>,
}

macro_rules! files {
    ($($name:literal),+ $(,)?) => {
        [$((concat!("templates/", $name), include_str!(concat!("../../../config/templates/", $name)))),+]
    };
}

/// The files in the order of the categories.
const FILES: [(&str, &str); 24] = files![
    "01-欢迎语.toml",
    "02-问候语.toml",
    "03-产品介绍.toml",
    "04-使用指南.toml",
    "05-售后咨询.toml",
    "06-投诉处理.toml",
    "07-活动推广.toml",
    "08-优惠促销.toml",
    "09-转化引导.toml",
    "10-风险提示.toml",
    "11-社群规矩.toml",
    "12-闲聊回复.toml",
    "13-转人工.toml",
    "14-技术支持.toml",
    "15-账号问题.toml",
    "16-支付问题.toml",
    "17-物流查询.toml",
    "18-会员服务.toml",
    "19-满意度调查.toml",
    "20-客户回访.toml",
    "21-节日祝福.toml",
    "22-生日祝福.toml",
    "23-营销话术.toml",
    "24-通用回复.toml",
];

/// The categories in their order, and how many templates each has.
pub const CATEGORIES: [(&str, usize); 24] = [
    ("欢迎语", 5),
    ("问候语", 3),
    ("产品介绍", 8),
    ("使用指南", 10),
    ("售后咨询", 12),
    ("投诉处理", 6),
    ("活动推广", 8),
    ("优惠促销", 7),
    ("转化引导", 10),
    ("风险提示", 4),
    ("社群规矩", 5),
    ("闲聊回复", 8),
    ("转人工", 3),
    ("技术支持", 9),
    ("账号问题", 6),
    ("支付问题", 7),
    ("物流查询", 5),
    ("会员服务", 6),
    ("满意度调查", 4),
    ("客户回访", 5),
    ("节日祝福", 6),
    ("生日祝福", 3),
    ("营销话术", 7),
    ("通用回复", 6),
];

/// The templates, category after category.
pub fn templates() -> Result<Vec<PresetTemplate>, PresetError> {
    let mut templates = Vec::new();
    for (name, text) in FILES {
        let file: File = read(name, text)?;
        templates.extend(file.template.into_iter().map(|entry| PresetTemplate {
            id: entry.id,
            category: file.category.clone(),
            name: entry.name,
            description: entry.description,
            template: entry.template,
            variables: entry.variables,
            persona_type: entry.persona_type,
        }));
    }
    Ok(templates)
}
