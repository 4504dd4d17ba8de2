//! The sources against each other, every mistake at once, and the generated file.

use super::*;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// An empty folder that is removed with the value.
pub(crate) struct TemporaryFolder(PathBuf);

impl TemporaryFolder {
    pub(crate) fn new() -> Self {
        let path = std::env::temp_dir().join(format!("workbot-{}", uuid::Uuid::new_v4().simple()));
        std::fs::create_dir(&path).unwrap();
        Self(path)
    }

    pub(crate) fn path(&self) -> &Path {
        &self.0
    }

    fn write(&self, name: &str, text: &str) -> PathBuf {
        let path = self.0.join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, text).unwrap();
        path
    }
}

impl Drop for TemporaryFolder {
    fn drop(&mut self) {
        std::fs::remove_dir_all(&self.0).unwrap();
    }
}

fn environment(pairs: &[(&str, &str)]) -> BTreeMap<String, String> {
    pairs.iter().map(|(name, text)| ((*name).to_owned(), (*text).to_owned())).collect()
}

fn load(pairs: &[(&str, &str)]) -> Loaded {
    let folder = TemporaryFolder::new();
    Loaded::from_sources(&Sources {
        environment: environment(pairs),
        current_dir: folder.path().to_owned(),
        ..Sources::default()
    })
}

fn load_file(text: &str) -> Loaded {
    let folder = TemporaryFolder::new();
    folder.write("config/workbot.toml", text);
    Loaded::from_sources(&Sources { current_dir: folder.path().to_owned(), ..Sources::default() })
}

fn lines(loaded: &Loaded) -> Vec<String> {
    loaded.problems.iter().map(ToString::to_string).collect()
}

#[test]
fn without_any_source_the_defaults_are_good() {
    let loaded = load(&[]);
    assert_eq!(lines(&loaded), [""; 0]);
    assert_eq!(loaded.settings, Settings::default());
    assert_eq!(loaded.settings.database_url().expose(), "sqlite:./data/workbot.db");
}

#[test]
fn stronger_sources_win() {
    let folder = TemporaryFolder::new();
    folder.write("config/workbot.toml", "[server]\nport = 1001\n[session]\nidle_secs = 1\n");
    let given = folder.write("given.toml", "[server]\nport = 1002\n");
    let flag = Flag { name: "--port", key: "server.port", text: "1005".to_owned() };
    let seed = ("DEPLOY_RUN_PORT", "1003");
    let own = ("WORKBOT_SERVER__PORT", "1004");
    type Case<'a> = (Option<&'a PathBuf>, &'a [(&'a str, &'a str)], &'a [Flag], u16, &'a str);
    let cases: [Case<'_>; 6] = [
        (None, &[], &[], 1001, "file config/workbot.toml"),
        (Some(&given), &[], &[], 1002, "given.toml"),
        (Some(&given), &[seed], &[], 1003, "environment variable DEPLOY_RUN_PORT"),
        (Some(&given), &[seed, own], &[], 1004, "environment variable WORKBOT_SERVER__PORT"),
        (Some(&given), &[seed, own], std::slice::from_ref(&flag), 1005, "flag --port"),
        (None, &[("WORKBOT_SERVER__PORT", "")], &[], 1001, "file config/workbot.toml"),
    ];
    for (file, pairs, flags, port, origin) in cases {
        let loaded = Loaded::from_sources(&Sources {
            environment: environment(pairs),
            current_dir: folder.path().to_owned(),
            file: file.cloned(),
            flags: flags.to_vec(),
        });
        assert_eq!(lines(&loaded), [""; 0]);
        assert_eq!(loaded.settings.server.port, port);
        assert_eq!(loaded.settings.session.idle_secs, 1, "other keys of weaker sources stay");
        let found = loaded.origins.get("server.port").unwrap().to_string();
        assert!(found.ends_with(origin), "{found}");
    }
}

#[test]
fn variables_of_existing_deployments_are_read() {
    let long = "0123456789abcdef0123456789abcdef";
    let loaded = load(&[
        ("DATABASE_URL", "postgres://b@db/two"),
        ("PGDATABASE_URL", "postgres://a@db/one"),
        ("JWT_SECRET", long),
        ("COZE_PROJECT_DOMAIN", "https://bot.example.com"),
        ("COZE_BUCKET_ENDPOINT_URL", "https://store.example.com"),
        ("COZE_BUCKET_NAME", "bucket_1"),
        ("ALIYUN_ACCESS_KEY_ID", "id"),
        ("ALIYUN_ACCESS_KEY_SECRET", "aliyun secret"),
        ("ALIYUN_SMS_SIGN_NAME", "sign"),
        ("ALIYUN_SMS_TEMPLATE_CODE", "SMS_1"),
        ("WECHAT_APP_SECRET", "wechat secret"),
        ("DOUBAO_API_KEY", "k1"),
        ("DEEPSEEK_API_KEY", "k2"),
        ("KIMI_API_KEY", "k3"),
        ("DASHSCOPE_API_KEY", "k4"),
        ("OPENAI_API_KEY", "k5"),
        ("ANTHROPIC_API_KEY", "k6"),
        ("HOME", "/root"),
    ]);
    assert_eq!(lines(&loaded), [""; 0]);
    let settings = loaded.settings;
    assert_eq!(settings.database_url().expose(), "postgres://a@db/one");
    assert_eq!(settings.tokens.jwt_secret.expose(), long);
    assert_eq!(settings.server.public_url, "https://bot.example.com");
    assert_eq!(settings.files.bucket_name, "bucket_1");
    assert_eq!(settings.sms.aliyun_template_code, "SMS_1");
    assert_eq!(settings.wechat.app_secret.expose(), "wechat secret");
    assert_eq!(settings.ai.anthropic_api_key.expose(), "k6");
    assert_eq!(
        load(&[("DATABASE_URL", "postgres://b@db/two")]).settings.database_url().expose(),
        "postgres://b@db/two"
    );
}

#[test]
fn every_known_variable_sets_a_key_that_exists() {
    let defaults = Settings::default();
    for (name, path) in variable::KNOWN_VARIABLES {
        let found = defaults.sections().iter().any(|section| {
            section.keys().iter().any(|key| format!("{}.{}", section.name(), key.name) == *path)
        });
        assert!(found, "{name}: {path}");
    }
}

#[test]
fn unknown_keys_name_themselves_their_source_and_the_nearest_key() {
    let loaded = load_file(
        "prot = 1\n[server]\nprot = 1\nin_flight = 2\ntls = { cert = \"x\" }\n[sever]\nhost = \"::\"\n[zzz]\n",
    );
    assert_eq!(
        lines(&loaded),
        [
            "prot (file config/workbot.toml): unknown key; did you mean server.port?",
            "server.in_flight (file config/workbot.toml): unknown key; did you mean commands.in_flight?",
            "server.prot (file config/workbot.toml): unknown key; did you mean server.port?",
            "server.tls (file config/workbot.toml): unknown key; `workbot config print` lists all keys",
            "sever.host (file config/workbot.toml): unknown key; did you mean server.host?",
            "zzz (file config/workbot.toml): unknown key; `workbot config print` lists all keys",
        ]
    );
    let loaded = load(&[
        ("WORKBOT_SERVER_PORT", "1"),
        ("WORKBOT_CALLBACKS__ALLOW_PRIVAT", "true"),
        ("WORKBOT_TEST_PG", "postgres://x"),
    ]);
    assert_eq!(
        lines(&loaded),
        [
            "callbacks.allow_privat (environment variable WORKBOT_CALLBACKS__ALLOW_PRIVAT): unknown key; \
             did you mean WORKBOT_CALLBACKS__ALLOW_PRIVATE?",
            "server_port (environment variable WORKBOT_SERVER_PORT): unknown key; did you mean WORKBOT_SERVER__PORT?",
        ]
    );
}

#[test]
fn every_bad_value_is_told_at_once_and_no_secret_with_it() {
    let mut loaded = load(&[
        ("WORKBOT_SERVER__PORT", "x"),
        ("WORKBOT_SERVER__HOST", "localhost"),
        ("WORKBOT_SERVER__PRODUCTION", "true"),
        ("WORKBOT_SMS__PROVIDER", "log"),
        ("WORKBOT_SERVER__TRUSTED_PROXIES", "10.0.0.0/8,proxy"),
        ("WORKBOT_COMMANDS__IN_FLIGHT", "0"),
        ("WORKBOT_SESSION__BURST_MAX_MS", "1"),
        ("WORKBOT_LOGGING__FORMAT", "xml"),
        ("WORKBOT_LOGGING__FILE", "../x"),
        ("WORKBOT_TOKENS__SEALING_KEY", "hunter2hunter2"),
        ("JWT_SECRET", "hunter2"),
        ("DATABASE_URL", "mysql://root:hunter2@db/x"),
    ]);
    let told = lines(&loaded);
    let keys: Vec<_> = loaded.problems.iter().map(|problem| problem.key.as_str()).collect();
    assert_eq!(
        keys,
        [
            "logging.format",
            "server.port",
            "server.trusted_proxies",
            "server.host",
            "database.url",
            "commands.in_flight",
            "session.burst_max_ms",
            "tokens.jwt_secret",
            "tokens.sealing_key",
            "logging.file",
            "sms.provider",
        ]
    );
    assert!(told.iter().all(|line| !line.contains("hunter2")), "{told:?}");
    assert_eq!(
        told[0],
        "logging.format (environment variable WORKBOT_LOGGING__FORMAT): \"xml\" is of the wrong type or out of \
         range; give one of text, json"
    );
    assert!(
        told[7]
            .starts_with("tokens.jwt_secret (environment variable JWT_SECRET): is shorter than 32 bytes; ")
    );
    loaded.settings.server.port = 1;
    assert!(loaded.into_settings().is_err());
}

#[test]
fn codes_in_the_log_are_refused_in_production() {
    for (provider, is_refused) in [("auto", true), ("log", true), ("aliyun", false)] {
        let mut settings = Settings::default();
        settings.server.production = true;
        assert!(settings.set("sms.provider", &Raw::Text(provider.to_owned())));
        for key in ["access_key_id", "access_key_secret", "sign_name", "template_code"] {
            let given = if provider == "aliyun" { "x" } else { "" };
            assert!(settings.set(&format!("sms.aliyun_{key}"), &Raw::Text(given.to_owned())));
        }
        assert_eq!(settings.validate().is_err(), is_refused, "{provider}");
        settings.server.production = false;
        assert!(settings.validate().is_ok(), "{provider}");
    }
}

#[test]
fn files_that_cannot_be_read_are_named_without_their_content() {
    let loaded = load_file("[tokens]\njwt_secret = \"hunter2\n");
    assert_eq!(loaded.problems.iter().count(), 1);
    let line = loaded.problems.to_string();
    assert!(line.starts_with("config/workbot.toml: line 2 is not TOML ("), "{line}");
    assert!(!line.contains("hunter2"), "{line}");

    let folder = TemporaryFolder::new();
    let loaded = Loaded::from_sources(&Sources {
        current_dir: folder.path().to_owned(),
        file: Some(PathBuf::from("missing.toml")),
        ..Sources::default()
    });
    let line = loaded.problems.to_string();
    assert!(line.starts_with("missing.toml: cannot be read ("), "{line}");
    assert!(line.ends_with("; name a readable file with --config"), "{line}");
}

#[test]
fn the_printed_configuration_is_toml_that_loads_to_the_same_settings() {
    let given = load(&[
        ("WORKBOT_SERVER__TRUSTED_PROXIES", "10.0.0.0/8, ::1"),
        ("WORKBOT_SMS__ALIYUN_SIGN_NAME", "客服 \"1\" \\ x"),
        ("WORKBOT_LOGGING__LEVELS", "workbot::http=debug"),
        ("WORKBOT_CALLBACKS__ALLOW_PRIVATE", "true"),
    ]);
    assert_eq!(lines(&given), [""; 0]);
    let text = print::render(&given);
    let again = load_file(&text);
    assert_eq!(lines(&again), [""; 0]);
    assert_eq!(again.settings, given.settings);
    assert!(
        text.contains(
            "# Set by environment variable WORKBOT_CALLBACKS__ALLOW_PRIVATE.\nallow_private = true\n"
        )
    );
}

#[test]
fn secrets_are_never_printed() {
    let secret = "s3cret-".repeat(6);
    let mut pairs = vec![("DATABASE_URL".to_owned(), format!("postgres://bot:{secret}@db/bot"))];
    for section in Settings::default().sections() {
        for key in section.keys().iter().filter(|key| key.is_secret) {
            if key.name != "sealing_key" && key.name != "url" {
                pairs.push((variable::variable_name(section.name(), key.name), secret.clone()));
            }
        }
    }
    assert!(pairs.len() > 10);
    let pairs: Vec<_> = pairs.iter().map(|(name, text)| (name.as_str(), text.as_str())).collect();
    let loaded = load(&pairs);
    assert_eq!(lines(&loaded), [""; 0]);
    let shown = format!("{}{:?}", print::render(&loaded), loaded);
    assert!(!shown.contains("s3cret"), "{shown}");
    assert!(shown.contains("# url is set and not shown (postgres://bot:***@db/bot)\n"));
    assert!(shown.contains("# jwt_secret is set and not shown (hidden)\n"));
}

#[test]
fn the_file_in_the_repository_is_the_generated_one() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(source::DEFAULT_FILE);
    let written = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(
        written == print::render(&Loaded::default()),
        "{} is out of date: cargo run -- config print --defaults > {}",
        path.display(),
        source::DEFAULT_FILE
    );
}

#[test]
fn every_key_is_documented() {
    let defaults = Settings::default();
    for section in defaults.sections() {
        for key in section.keys() {
            let path = format!("{}.{}", section.name(), key.name);
            assert!(
                key.doc.iter().all(|line| line.trim().ends_with(['.', ',', ';']) || key.doc.len() > 1),
                "{path}"
            );
            assert!(!key.expected.is_empty(), "{path}");
        }
    }
}

#[test]
fn keys_operators_rely_on_exist() {
    let expected = "server.host server.port server.trusted_proxies server.metrics_token limits.enabled \
        limits.robot_per_minute limits.console_per_minute limits.activation_per_ip limits.login_per_ip \
        limits.sms_per_phone limits.connections_per_ip limits.unregistered_connections_per_ip limits.inbound_bytes \
        commands.in_flight commands.expiry_secs commands.confirm_timeout_ms commands.result_timeout_secs \
        commands.queue_max commands.worktool_unfinished presence.native_offline_secs presence.worktool_offline_secs \
        callbacks.allow_private callbacks.budget_ms callbacks.event_debounce_ms session.burst_quiet_ms \
        session.burst_max_ms session.idle_secs breaker.failures breaker.window breaker.open_secs \
        breaker.max_open_secs sms.provider users.open_registration";
    let text = print::render(&Loaded::default());
    let table: toml::Table = text.parse().unwrap();
    for path in expected.split_whitespace().filter(|path| *path != "server.metrics_token") {
        let (section, key) = path.split_once('.').unwrap();
        assert!(table[section].get(key).is_some(), "{path}");
    }
    assert!(text.contains("# metrics_token = \"\""));
}
