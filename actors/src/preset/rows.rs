//! Pure: the presets as rows of an empty database.
use serde_json::json;
use workbot_schema::ai_message_templates::AiMessageTemplate;
use workbot_schema::ai_models::{AiModel, Capability};
use workbot_schema::ai_personas::AiPersona;
use workbot_schema::fields::{Json, Ts};
use workbot_schema::presets::Presets;

use super::models::{PresetModel, models};
use super::personas::{PresetPersona, personas};
use super::templates::{PresetTemplate, templates};
use super::{PERSONAS, PresetError};

/// Models, personas and templates; the rest of the presets is left empty.
pub fn rows(now: Ts) -> Result<Presets, PresetError> {
    Ok(Presets {
        models: models()?.into_iter().map(|preset| model(preset, now)).collect(),
        personas: personas()?.into_iter().map(|preset| persona(preset, now)).collect::<Result<_, _>>()?,
        templates: templates()?.into_iter().map(|preset| template(preset, now)).collect(),
        ..Presets::default()
    })
}

/// Switched on: a model without a key is not asked, and begins to be when its provider's key is configured.
fn model(preset: PresetModel, now: Ts) -> AiModel {
    let mut config = json!({
        "priceInMicros": preset.price_in_micros,
        "priceOutMicros": preset.price_out_micros,
    });
    if let (Some(config), Some(json_mode)) = (config.as_object_mut(), preset.json_mode) {
        config.insert("jsonMode".to_owned(), json_mode.into());
    }
    AiModel {
        id: preset.id.into(),
        model_type: preset.model_type,
        capabilities: Json(preset.capabilities),
        config: Json(config),
        priority: preset.priority,
        in_default_chain: preset.in_default_chain,
        is_preset: true,
        ..AiModel::new(preset.provider, preset.name, preset.model_id, now)
    }
}

fn persona(preset: PresetPersona, now: Ts) -> Result<AiPersona, PresetError> {
    let capability = |name: &String| {
        let unknown = || PresetError { file: PERSONAS, reason: format!("no capability is called {name:?}") };
        Capability::parse(name).ok_or_else(unknown)
    };
    let capabilities: Vec<Capability> =
        preset.capabilities.iter().map(capability).collect::<Result<_, _>>()?;
    Ok(AiPersona {
        id: preset.id.into(),
        description: preset.description,
        temperature: preset.temperature,
        max_tokens: i32::try_from(preset.max_tokens).ok(),
        preferred_model: Some(preset.preferred_model),
        capabilities: Json(capabilities),
        is_preset: true,
        ..AiPersona::new(preset.name, preset.role_type, preset.system_prompt, now)
    })
}

fn template(preset: PresetTemplate, now: Ts) -> AiMessageTemplate {
    AiMessageTemplate {
        id: preset.id.into(),
        description: preset.description,
        variables: Json(preset.variables),
        persona_type: preset.persona_type,
        is_preset: true,
        ..AiMessageTemplate::new(preset.category, preset.name, preset.template, now)
    }
}

#[cfg(test)]
mod tests {
    use chrono::DateTime;

    use super::*;

    fn presets() -> Presets {
        rows(Ts::new(DateTime::UNIX_EPOCH)).unwrap()
    }

    #[test]
    fn everything_is_shared_on_and_protected() {
        let presets = presets();
        assert_eq!((presets.personas.len(), presets.templates.len()), (7, 153));
        assert!(presets.models.iter().all(|row| row.is_preset && row.is_active && row.owner_id.is_none()));
        assert!(presets.personas.iter().all(|row| row.is_preset && row.is_active && row.owner_id.is_none()));
        assert!(presets.templates.iter().all(|row| row.is_preset && row.is_active && row.owner_id.is_none()));
        assert!(presets.models.iter().all(|row| row.api_key_encrypted.is_none()));
    }

    #[test]
    fn the_models_personas_ask_for_are_there() {
        let presets = presets();
        for persona in &presets.personas {
            let wanted = persona.preferred_model.as_deref().unwrap();
            let model = presets.models.iter().find(|model| model.model_id == wanted);
            assert!(model.is_some_and(|model| model.in_default_chain), "{wanted}");
            assert_eq!(persona.max_tokens, Some(2000));
        }
    }

    #[test]
    fn prices_and_modes_stand_in_the_config() {
        let presets = presets();
        let config =
            |id: &str| presets.models.iter().find(|row| row.model_id == id).map(|row| row.config.0.clone());
        assert_eq!(config("doubao-pro-32k"), Some(json!({"priceInMicros": 800, "priceOutMicros": 2000})));
        assert_eq!(
            config("gpt-4"),
            Some(json!({"priceInMicros": 0, "priceOutMicros": 0, "jsonMode": false}))
        );
    }
}
