//! What people designed, as sessions need it: personas and flows, read again when one was changed. Templates and models are the
//! providers' affair.
use std::collections::HashMap;
use std::sync::Arc;

use parking_lot::{Mutex, RwLock};
use workbot_schema::ai_personas::{self, AiPersona, bindings};
use workbot_schema::configuration::Audience;
use workbot_schema::fields::Ts;
use workbot_schema::flow_configs::{self, FlowConfig, versions};
use workbot_schema::ids::{FlowId, ModelId, PersonaId};
use workbot_schema::robots::Robot;
use workbot_schema::store::{Db, StoreResult};
use workbot_schema::wire::flow::FlowDefinition;

use crate::flow::CompiledFlow;
use crate::flow::presets::presets;
use crate::persona::{Persona, PersonaWish, select};

/// Compiled flows kept; when there are more, all are made anew.
const COMPILED_MAX: usize = 256;

/// The flow of a robot that names none.
pub const DEFAULT_FLOW: &str = "flow_full";

/// Everything designed, as of one moment.
#[derive(Debug, Default)]
pub struct Design {
    personas: Vec<AiPersona>,
    models: HashMap<PersonaId, Vec<ModelId>>,
    flows: HashMap<FlowId, FlowConfig>,
    mark: Option<Mark>,
}

/// Numbers and versions of personas and flows.
type Mark = ((i64, i64), (i64, i64));

/// A persona that speaks for a robot.
#[derive(Debug, Clone, PartialEq)]
pub struct Voice {
    /// Who.
    pub persona: Persona,
    /// The models it asks, the first one first.
    pub models: Vec<ModelId>,
    /// The provider's name of the model it asks first, when it names none of ours.
    pub preferred: Option<String>,
}

/// The designs in memory; clones share them.
#[derive(Debug, Clone)]
pub struct Library {
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    design: RwLock<Arc<Design>>,
    compiled: Mutex<HashMap<(FlowId, i64), Arc<CompiledFlow>>>,
    /// What came with the program, for a database in which the default flow was switched off or is broken.
    builtin: Arc<CompiledFlow>,
}

/// The flows that came with the program are of no use; it was built wrong.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the built-in flow cannot be used: {0}")]
pub struct LibraryError(String);

impl LibraryError {
    /// How to treat the failure.
    pub fn class(&self) -> workbot_schema::class::Class {
        workbot_schema::class::Class::Bug
    }
}

impl Library {
    /// A library that has only what came with the program.
    pub fn new() -> Result<Self, LibraryError> {
        let definitions = presets().map_err(|error| LibraryError(error.to_string()))?;
        let full = definitions.into_iter().next().ok_or_else(|| LibraryError("there is none".to_owned()))?;
        let builtin =
            CompiledFlow::compile(full).map_err(|problems| LibraryError(format!("{problems:?}")))?;
        let (design, compiled) = (RwLock::default(), Mutex::default());
        Ok(Self { shared: Arc::new(Shared { design, compiled, builtin: Arc::new(builtin) }) })
    }

    /// The designs as they are now.
    pub fn design(&self) -> Arc<Design> {
        Arc::clone(&self.shared.design.read())
    }

    /// Reads everything again; `only_changed` = when the numbers and versions of the rows differ.
    pub async fn reload(&self, db: &Db, only_changed: bool) -> StoreResult<()> {
        let mark = Some((ai_personas::mark(db).await?, flow_configs::mark(db).await?));
        if only_changed && self.design().mark == mark {
            return Ok(());
        }
        let mut models: HashMap<PersonaId, Vec<ModelId>> = HashMap::new();
        for binding in bindings::list_all(db).await? {
            models.entry(binding.persona_id).or_default().push(binding.model_id);
        }
        let personas = ai_personas::list_all(db).await?;
        let flows = flow_configs::list_all(db).await?;
        let flows = flows.into_iter().map(|flow| (flow.id.clone(), flow)).collect();
        *self.shared.design.write() = Arc::new(Design { personas, models, flows, mark });
        Ok(())
    }

    /// A version of a flow, ready to run; the built-in one when there is no such version or it cannot be compiled.
    pub async fn flow(&self, db: &Db, id: &FlowId, version: i64) -> StoreResult<Arc<CompiledFlow>> {
        if version == 0 {
            return Ok(Arc::clone(&self.shared.builtin));
        }
        let key = (id.clone(), version);
        if let Some(known) = self.shared.compiled.lock().get(&key) {
            return Ok(Arc::clone(known));
        }
        let stored = versions::find(db, id.clone(), version).await?;
        let compiled = stored.and_then(|stored| compiled(id, version, stored.content));
        let flow = compiled.map_or_else(|| Arc::clone(&self.shared.builtin), Arc::new);
        let mut known = self.shared.compiled.lock();
        if known.len() >= COMPILED_MAX {
            known.clear();
        }
        known.insert(key, Arc::clone(&flow));
        Ok(flow)
    }
}

/// The flows that came with the program, as rows of an empty database.
pub fn flows(now: Ts) -> Vec<FlowConfig> {
    let definitions = presets().unwrap_or_default();
    let row = |definition: FlowDefinition| {
        let draft = serde_json::to_value(&definition).ok()?;
        let id = FlowId(definition.id);
        Some(FlowConfig { id, is_preset: true, ..FlowConfig::new(definition.name, draft, now) })
    };
    definitions.into_iter().filter_map(row).collect()
}

fn compiled(id: &FlowId, version: i64, content: serde_json::Value) -> Option<CompiledFlow> {
    let definition: FlowDefinition = match serde_json::from_value(content) {
        Ok(definition) => definition,
        Err(error) => {
            log::error!(flow = id.as_str(), version = version, error:% = error; "a published flow cannot be read");
            return None;
        }
    };
    CompiledFlow::compile(definition)
        .inspect_err(|problems| {
            log::error!(flow = id.as_str(), version = version, problems = problems.len();
                "a published flow does not compile");
        })
        .ok()
}

impl Design {
    /// The flow of a robot and the version its new runs take: its own when it may use it, else the default one; version 0 = the
    /// one that came with the program.
    pub fn flow_of(&self, robot: &Robot) -> (FlowId, i64) {
        let audience = audience(robot);
        let usable = |id: &FlowId| {
            let flow = self
                .flows
                .get(id)
                .filter(|flow| flow.is_active && audience.includes(flow.owner_id.as_ref()))?;
            Some((flow.id.clone(), flow.published_version?))
        };
        let own = robot.flow_id.as_deref().map(FlowId::from);
        let default = FlowId::from(DEFAULT_FLOW);
        own.as_ref().and_then(&usable).or_else(|| usable(&default)).unwrap_or((default, 0))
    }

    /// Who speaks for a robot; `chat` = the persona named for the chat or by the node.
    pub fn voice_of(&self, robot: &Robot, chat: Option<&str>) -> Option<Voice> {
        let audience = audience(robot);
        let visible = self.personas.iter().filter(|row| audience.includes(row.owner_id.as_ref()));
        let personas: Vec<Persona> = visible.map(persona).collect();
        let wish = PersonaWish {
            chat_persona_id: chat,
            robot_persona_id: robot.persona_id.as_deref(),
            robot_group: robot.robot_group.as_deref(),
            robot_type: robot.robot_type.as_deref(),
        };
        let chosen = select(&wish, &personas)?.persona;
        let row = self.personas.iter().find(|row| row.id.as_str() == chosen.id)?;
        let bound = self.models.get(&row.id).into_iter().flatten();
        Some(Voice {
            persona: chosen.clone(),
            models: row.model_id.iter().chain(bound).cloned().collect(),
            preferred: row.preferred_model.clone().filter(|_name| row.model_id.is_none()),
        })
    }
}

fn audience(robot: &Robot) -> Audience {
    robot.owner_id.clone().map_or(Audience::Shared, Audience::Of)
}

fn persona(row: &AiPersona) -> Persona {
    Persona {
        id: row.id.0.clone(),
        name: row.name.clone(),
        role_type: row.role_type.clone(),
        system_prompt: row.system_prompt.clone(),
        temperature: row.temperature,
        max_tokens: row.max_tokens.and_then(|tokens| u32::try_from(tokens).ok()),
        is_active: row.is_active,
        is_preset: row.is_preset,
        is_own: row.owner_id.is_some(),
    }
}
