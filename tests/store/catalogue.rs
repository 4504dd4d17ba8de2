//! Both migration sets give the same tables, and every one can be taken back.
use std::collections::BTreeMap;

use diesel::sql_types::{Bool, Text};
use diesel::{QueryableByName, RunQueryDsl};
use workbot_schema::store::{Db, StoreError, migrate, sqlite};

use crate::support::database::{Backend, TestDatabase};

#[derive(QueryableByName, Debug)]
struct Column {
    #[diesel(sql_type = Text)]
    table_name: String,
    #[diesel(sql_type = Text)]
    column_name: String,
    #[diesel(sql_type = Bool)]
    is_nullable: bool,
}

const SQLITE_COLUMNS: &str = "SELECT m.name AS table_name, p.name AS column_name, (p.\"notnull\" = 0) AS is_nullable \
     FROM sqlite_master m JOIN pragma_table_info(m.name) p WHERE m.type = 'table' \
     AND m.name NOT LIKE 'sqlite_%' AND m.name NOT LIKE '\\_\\_diesel%' ESCAPE '\\'";
const POSTGRES_COLUMNS: &str = "SELECT table_name::text, column_name::text, (is_nullable = 'YES') AS is_nullable \
     FROM information_schema.columns WHERE table_schema = 'public' AND table_name NOT LIKE '\\_\\_diesel%'";

type Catalogue = BTreeMap<String, BTreeMap<String, bool>>;

async fn catalogue(db: &Db) -> Catalogue {
    let columns: Vec<Column> = match db {
        Db::Sqlite(lite) => sqlite::on_thread(lite.read.clone(), |connection| {
            diesel::sql_query(SQLITE_COLUMNS).load(connection).map_err(StoreError::from)
        })
        .await
        .unwrap(),
        Db::Postgres(postgres) => {
            let mut connection = postgres.read().await.unwrap();
            diesel_async::RunQueryDsl::load(diesel::sql_query(POSTGRES_COLUMNS), &mut connection)
                .await
                .unwrap()
        }
    };
    let mut catalogue = Catalogue::new();
    for column in columns {
        catalogue.entry(column.table_name).or_default().insert(column.column_name, column.is_nullable);
    }
    catalogue
}

#[actix_web::test]
async fn both_databases_have_the_same_tables_columns_and_nullability() {
    let (lite, postgres) = (TestDatabase::empty(Backend::Sqlite), TestDatabase::empty(Backend::Postgres));
    let (lite, postgres) = (catalogue(&lite.open().await).await, catalogue(&postgres.open().await).await);
    assert!(lite.len() >= 17, "{:?}", lite.keys());
    assert_eq!(lite, postgres);
    let declared: String = [
        // Before what names its tables without declaring them.
        "tables/login.rs",
        "tables.rs",
        "tables/ai.rs",
        "tables/alert.rs",
        "tables/flow.rs",
        "tables/worktool.rs",
    ]
    .iter()
    .map(|file| std::fs::read_to_string(format!("{}/schema/src/{file}", env!("CARGO_MANIFEST_DIR"))).unwrap())
    .collect();
    for (table, columns) in &lite {
        let body = declared
            .split_once(&format!(" {table} ("))
            .and_then(|(_before, rest)| rest.split_once("\n    }"));
        let Some((body, _after)) = body else { panic!("{table} is not declared") };
        for (column, is_nullable) in columns {
            let line = body.lines().find(|line| line.trim_start().starts_with(&format!("{column} ->")));
            let line = line.unwrap_or_else(|| panic!("{table}.{column} is not declared"));
            assert_eq!(line.contains("Nullable<"), *is_nullable, "{table}.{column}");
        }
        assert_eq!(body.matches("->").count(), columns.len(), "{table} declares a column that is not there");
    }
}

#[actix_web::test]
async fn migrations_have_the_same_names() {
    assert_eq!(migrate::names(true).unwrap(), migrate::names(false).unwrap());
}

async fn migrations_can_be_taken_back(backend: Backend) {
    let database = TestDatabase::empty(backend);
    let db = database.open().await;
    let full = catalogue(&db).await;
    let count = migrate::names(true).unwrap().len();
    assert_eq!(migrate::down(&db, count).await.unwrap().len(), count);
    assert!(catalogue(&db).await.is_empty());
    assert_eq!(migrate::up(&db).await.unwrap().len(), count);
    assert_eq!(catalogue(&db).await, full);
    assert!(migrate::up(&db).await.unwrap().is_empty(), "a second run changes nothing");
}

crate::on_both!(migrations_can_be_taken_back);
