//! Pure: which persona speaks.
//!
//! ```text
//! the chat's own ─▶ the robot's own ─▶ type of its group ─▶ type of its kind ─▶ assistant ─▶ nobody
//! ```
//!
//! Whoever is switched off or not there is passed over.

/// The type that speaks when nothing else was said.
pub const FALLBACK_ROLE: &str = "assistant";

/// What a robot's group or type means, as operators write it.
pub const ROLE_OF_WORD: [(&str, &str); 9] = [
    ("营销", "conversion"),
    ("社群", "community"),
    ("售后", "service"),
    ("技术支持", "tech_support"),
    ("客服", "service"),
    ("角色", "conversion"),
    ("助手", "assistant"),
    ("产品", "product_info"),
    ("客户关系", "customer_relation"),
];

/// A persona the robot may use: a shared one or its owner's.
#[derive(Debug, Clone, PartialEq)]
pub struct Persona {
    /// Its id.
    pub id: String,
    /// Shown name.
    pub name: String,
    /// `community`, `service` and so on.
    pub role_type: String,
    /// What the model is told.
    pub system_prompt: String,
    /// 0.0 to 2.0.
    pub temperature: f64,
    /// Longest answer, in tokens.
    pub max_tokens: Option<u32>,
    /// Whether it may speak.
    pub is_active: bool,
    /// Whether it came with the program.
    pub is_preset: bool,
    /// Whether the robot's owner made it.
    pub is_own: bool,
}

/// What was said about who should speak; empty texts say nothing.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct PersonaWish<'a> {
    /// Set by a person for this chat, or by the node of the flow.
    pub chat_persona_id: Option<&'a str>,
    /// Set for the robot.
    pub robot_persona_id: Option<&'a str>,
    /// The robot's group.
    pub robot_group: Option<&'a str>,
    /// The robot's type.
    pub robot_type: Option<&'a str>,
}

/// Which rule decided.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ChosenBy {
    /// The chat's own persona.
    Chat,
    /// The robot's own persona.
    Robot,
    /// The robot's group.
    Group,
    /// The robot's type.
    Type,
    /// Nothing else was said or there.
    Fallback,
}

/// Who speaks, and why.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Selection<'a> {
    /// The persona.
    pub persona: &'a Persona,
    /// The rule that decided.
    pub by: ChosenBy,
}

/// Who speaks; none when even the assistant is switched off.
pub fn select<'a>(wish: &PersonaWish<'_>, personas: &'a [Persona]) -> Option<Selection<'a>> {
    let role_of = |word: Option<&str>| word.and_then(role_of_word).and_then(|role| of_role(role, personas));
    let found = [
        (ChosenBy::Chat, wish.chat_persona_id.and_then(|id| of_id(id, personas))),
        (ChosenBy::Robot, wish.robot_persona_id.and_then(|id| of_id(id, personas))),
        (ChosenBy::Group, role_of(wish.robot_group)),
        (ChosenBy::Type, role_of(wish.robot_type)),
        (ChosenBy::Fallback, of_role(FALLBACK_ROLE, personas)),
    ];
    found.into_iter().find_map(|(by, persona)| persona.map(|persona| Selection { persona, by }))
}

/// The persona type that a robot's group or type stands for.
pub fn role_of_word(word: &str) -> Option<&'static str> {
    let word = word.trim();
    ROLE_OF_WORD.iter().find(|(known, _)| *known == word).map(|(_, role)| *role)
}

fn of_id<'a>(id: &str, personas: &'a [Persona]) -> Option<&'a Persona> {
    personas.iter().find(|persona| persona.is_active && persona.id == id)
}

/// The preset of a type, else the owner's, else any; a persona of one's own is meant to be chosen by its id.
fn of_role<'a>(role: &str, personas: &'a [Persona]) -> Option<&'a Persona> {
    let active = || personas.iter().filter(|persona| persona.is_active && persona.role_type == role);
    active()
        .find(|persona| persona.is_preset)
        .or_else(|| active().find(|persona| persona.is_own))
        .or_else(|| active().next())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn persona(id: &str, role_type: &str) -> Persona {
        Persona {
            id: id.into(),
            name: id.into(),
            role_type: role_type.into(),
            system_prompt: String::new(),
            temperature: 0.7,
            max_tokens: None,
            is_active: true,
            is_preset: !id.starts_with("own"),
            is_own: id.starts_with("own"),
        }
    }

    fn everybody() -> Vec<Persona> {
        let roles = [
            "community",
            "service",
            "conversion",
            "tech_support",
            "product_info",
            "customer_relation",
            "assistant",
        ];
        let own = persona("own", "service");
        std::iter::once(own).chain(roles.into_iter().map(|role| persona(role, role))).collect()
    }

    fn chosen(wish: PersonaWish<'_>, off: &[&str]) -> Option<(String, ChosenBy)> {
        let mut personas = everybody();
        for persona in &mut personas {
            persona.is_active = !off.contains(&persona.id.as_str());
        }
        select(&wish, &personas).map(|selection| (selection.persona.id.clone(), selection.by))
    }

    #[test]
    fn order() {
        let all = PersonaWish {
            chat_persona_id: Some("own"),
            robot_persona_id: Some("community"),
            robot_group: Some("技术支持"),
            robot_type: Some("营销"),
        };
        type Case = (&'static [&'static str], Option<(&'static str, ChosenBy)>);
        let cases: [Case; 7] = [
            (&[], Some(("own", ChosenBy::Chat))),
            (&["own"], Some(("community", ChosenBy::Robot))),
            (&["own", "community"], Some(("tech_support", ChosenBy::Group))),
            (&["own", "community", "tech_support"], Some(("conversion", ChosenBy::Type))),
            (&["own", "community", "tech_support", "conversion"], Some(("assistant", ChosenBy::Fallback))),
            (&["own", "community", "tech_support", "conversion", "assistant"], None),
            (&["assistant"], Some(("own", ChosenBy::Chat))),
        ];
        for (off, expected) in cases {
            assert_eq!(chosen(all, off), expected.map(|(id, by)| (id.to_owned(), by)), "{off:?}");
        }
    }

    #[test]
    fn every_word_of_the_map() {
        let words = [
            ("营销", "conversion"),
            ("社群", "community"),
            ("售后", "service"),
            ("技术支持", "tech_support"),
            ("客服", "service"),
            ("角色", "conversion"),
            ("助手", "assistant"),
            ("产品", "product_info"),
            ("客户关系", "customer_relation"),
        ];
        for (word, role) in words {
            let group = PersonaWish { robot_group: Some(word), ..PersonaWish::default() };
            assert_eq!(chosen(group, &[]), Some((role.to_owned(), ChosenBy::Group)), "{word}");
            let kind =
                PersonaWish { robot_group: Some("华东"), robot_type: Some(word), ..PersonaWish::default() };
            assert_eq!(chosen(kind, &[]), Some((role.to_owned(), ChosenBy::Type)), "{word}");
        }
        assert_eq!(words.len(), ROLE_OF_WORD.len());
        assert_eq!(role_of_word(" 社群 "), Some("community"));
    }

    #[test]
    fn unknown_and_empty_wishes_say_nothing() {
        for text in ["", "不存在", "Community"] {
            let wish = PersonaWish {
                chat_persona_id: Some(text),
                robot_persona_id: Some(text),
                robot_group: Some(text),
                robot_type: Some(text),
            };
            assert_eq!(chosen(wish, &[]), Some(("assistant".to_owned(), ChosenBy::Fallback)), "{text}");
        }
    }

    #[test]
    fn of_one_type_the_preset_goes_first_and_the_owners_stands_in_for_it() {
        let group = PersonaWish { robot_group: Some("售后"), ..PersonaWish::default() };
        assert_eq!(chosen(group, &[]), Some(("service".to_owned(), ChosenBy::Group)));
        assert_eq!(chosen(group, &["service"]), Some(("own".to_owned(), ChosenBy::Group)));
    }
}
