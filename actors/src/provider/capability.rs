//! Pure: what models can do, and what a question needs.
use workbot_schema::ai_models::Capability;

/// What a question needs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Need {
    /// Intents.
    Intent,
    /// Replies of any kind.
    Reply,
    /// Reports.
    Report,
    /// Looking at a picture.
    Image,
}

impl Need {
    /// The capabilities of which one is enough.
    fn any_of(self) -> &'static [Capability] {
        match self {
            Self::Intent => &[Capability::IntentRecognition],
            Self::Reply => &[Capability::ServiceReply, Capability::Conversion, Capability::Chat],
            Self::Report => &[Capability::Report, Capability::Chat],
            Self::Image => &[Capability::ImageAnalysis],
        }
    }

    /// Whether a model with these capabilities can do it.
    pub fn is_met_by(self, capabilities: &[Capability]) -> bool {
        self.any_of().iter().any(|one| capabilities.contains(one))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn needs_are_met_by_capabilities() {
        let table = [
            (Need::Intent, vec!["intent_recognition"]),
            (Need::Reply, vec!["service_reply", "conversion", "chat"]),
            (Need::Report, vec!["report", "chat"]),
            (Need::Image, vec!["image_analysis"]),
        ];
        for (need, enough) in table {
            for capability in Capability::ALL {
                let is_enough = enough.contains(&capability.as_str());
                assert_eq!(need.is_met_by(&[*capability]), is_enough, "{need:?} {capability}");
            }
            assert!(need.is_met_by(Capability::ALL) && !need.is_met_by(&[]));
        }
    }
}
