//! What a new installation begins with, and that a restart leaves alone what people made of it.
use crate::on_both;
use crate::support::database::Backend;
use crate::support::server::TestServer;

on_both!(a_new_installation_has_them_and_a_restart_leaves_them_alone);

async fn a_new_installation_has_them_and_a_restart_leaves_them_alone(backend: Backend) {
    let mut server = TestServer::start(backend).await;
    let count = |server: &TestServer, from: &str| {
        server.database().sql(&format!("SELECT CAST(COUNT(*) AS TEXT) AS value FROM {from}"))
    };
    let active = "is_active AND is_preset AND deleted_at IS NULL";
    assert_eq!(count(&server, &format!("ai_message_templates WHERE {active}")), ["153"]);
    assert_eq!(count(&server, &format!("ai_personas WHERE {active} AND max_tokens = 2000")), ["7"]);
    let categories = "(SELECT DISTINCT category FROM ai_message_templates) AS categories";
    assert_eq!(count(&server, categories), ["24"]);
    let chosen = "ai_personas p JOIN ai_models m ON m.model_id = p.preferred_model WHERE m.is_preset";
    assert_eq!(count(&server, chosen), ["7"]);
    let keys = "ai_models WHERE is_preset AND api_key_encrypted IS NOT NULL";
    assert_eq!(count(&server, keys), ["0"]);

    let edits = [
        "UPDATE ai_message_templates SET template = '改过的话术', version = 2 WHERE id = 'template_001'",
        "UPDATE ai_message_templates SET is_active = FALSE WHERE id = 'template_002'",
        "UPDATE ai_personas SET system_prompt = '改过的角色' WHERE id = 'persona_001'",
        "UPDATE ai_models SET is_active = FALSE WHERE model_id = 'gpt-4'",
    ];
    for edit in edits {
        server.database().sql(edit);
    }
    server.restart().await;
    for kept in [
        "ai_message_templates WHERE id = 'template_001' AND template = '改过的话术' AND version = 2",
        "ai_message_templates WHERE id = 'template_002' AND NOT is_active",
        "ai_personas WHERE id = 'persona_001' AND system_prompt = '改过的角色'",
        "ai_models WHERE model_id = 'gpt-4' AND NOT is_active",
    ] {
        assert_eq!(count(&server, kept), ["1"], "{kept}");
    }
    assert_eq!(count(&server, "ai_message_templates"), ["153"]);
}
