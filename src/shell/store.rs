//! The room's SQLite: one row of settings, and the log's segments.

use worker::{SqlStorage, SqlStorageValue};

use crate::room::log::{Segment, SegmentKeys, Seq, remembers};
use crate::room::session::Secret;
use crate::room::{Archive, Fault, Meta, Saved};

/// The shape of the tables, for those who will have to change it.
const SCHEMA_VERSION: i64 = 1;

const SCHEMA: &str = "
    CREATE TABLE meta (
        version INTEGER NOT NULL, epoch TEXT NOT NULL, secret TEXT NOT NULL, created_at INTEGER NOT NULL
    );
    CREATE TABLE segment (
        first_seq INTEGER PRIMARY KEY, last_at INTEGER NOT NULL, keys TEXT NOT NULL, body TEXT NOT NULL
    );";

/// Reads and writes a room's storage.
pub(super) struct Store {
    sql: SqlStorage,
}

impl Store {
    pub fn new(sql: SqlStorage) -> Self {
        Self { sql }
    }

    /// Reads what a room is restored from, less the seats. A room that was never used has no tables,
    /// and reading makes none.
    pub fn load(&self, now_ms: u64) -> Result<Saved, Fault> {
        if self.rows("SELECT 1 FROM sqlite_master WHERE name = 'meta'", vec![])?.is_empty() {
            return Ok(Saved::default());
        }
        let newest = self.rows(
            "SELECT first_seq, last_at, keys, body FROM segment ORDER BY first_seq DESC LIMIT 1",
            vec![],
        )?;
        let newest = newest.into_iter().next().map(segment).transpose()?;
        let head = newest.as_ref().map_or(0, |segment| segment.first + segment.len() as Seq - 1);
        Ok(Saved { meta: self.meta()?, keys: self.keys(head, now_ms)?, newest, seats: Vec::new() })
    }

    fn meta(&self) -> Result<Option<Meta>, Fault> {
        let rows = self.rows("SELECT epoch, secret, created_at FROM meta", vec![])?;
        let Some(row) = rows.into_iter().next() else { return Ok(None) };
        let [epoch, secret, created_at] = columns(row)?;
        let secret =
            Secret::from_hex(&text(secret)?).ok_or_else(|| Fault::Storage("no secret".to_owned()))?;
        Ok(Some(Meta { epoch: text(epoch)?, secret, created_at: number(created_at)? }))
    }

    /// Reads the keys of ids backwards, as far as they must be remembered.
    fn keys(&self, head: Seq, now_ms: u64) -> Result<Vec<SegmentKeys>, Fault> {
        let query = "SELECT first_seq, last_at, keys FROM segment ORDER BY first_seq DESC";
        let mut all = Vec::new();
        for row in self.sql.exec(query, None).map_err(storage)?.raw() {
            let [first, last_at, keys] = columns(row.map_err(storage)?)?;
            let segment = SegmentKeys { first: number(first)?, last_at: number(last_at)?, keys: text(keys)? };
            if !remembers(segment.first, segment.last_at, head, now_ms) {
                break;
            }
            all.push(segment);
        }
        all.reverse();
        Ok(all)
    }

    /// Makes the tables of a room that is used for the first time.
    pub fn create(&self, meta: &Meta) -> Result<(), Fault> {
        self.sql.exec(SCHEMA, None).map_err(storage)?;
        let row: Vec<SqlStorageValue> = vec![
            SCHEMA_VERSION.into(),
            meta.epoch.as_str().into(),
            meta.secret.to_hex().into(),
            integer(meta.created_at),
        ];
        self.sql
            .exec("INSERT INTO meta (version, epoch, secret, created_at) VALUES (?, ?, ?, ?)", row)
            .map_err(storage)?;
        Ok(())
    }

    /// Writes rows of the log, each over the one with the same first seq.
    pub fn append(&self, rows: Vec<Segment>) -> Result<(), Fault> {
        for row in rows {
            #[cfg(feature = "fault-injection")]
            if crate::fault_injection::refuses_write(&row.body) {
                return Err(Fault::Storage("fault injection".to_owned()));
            }
            let values = vec![integer(row.first), integer(row.last_at), row.keys.into(), row.body.into()];
            let query = "INSERT INTO segment (first_seq, last_at, keys, body) VALUES (?, ?, ?, ?)
                ON CONFLICT (first_seq) DO UPDATE
                SET last_at = excluded.last_at, keys = excluded.keys, body = excluded.body";
            self.sql.exec(query, values).map_err(storage)?;
        }
        Ok(())
    }

    fn rows(&self, query: &str, values: Vec<SqlStorageValue>) -> Result<Vec<Vec<SqlStorageValue>>, Fault> {
        let cursor = self.sql.exec(query, values).map_err(storage)?;
        cursor.raw().map(|row| row.map_err(storage)).collect()
    }
}

impl Archive for Store {
    fn segments(&self, first: Seq, last: Seq) -> Result<Vec<Segment>, Fault> {
        let query = "SELECT first_seq, last_at, keys, body FROM segment
            WHERE first_seq <= ?1 AND first_seq >= COALESCE(
                (SELECT max(first_seq) FROM segment WHERE first_seq <= ?2), 0)
            ORDER BY first_seq";
        self.rows(query, vec![integer(last), integer(first)])?.into_iter().map(segment).collect()
    }
}

fn segment(row: Vec<SqlStorageValue>) -> Result<Segment, Fault> {
    let [first, last_at, keys, body] = columns(row)?;
    Ok(Segment { first: number(first)?, last_at: number(last_at)?, keys: text(keys)?, body: text(body)? })
}

fn columns<const COUNT: usize>(row: Vec<SqlStorageValue>) -> Result<[SqlStorageValue; COUNT], Fault> {
    row.try_into().map_err(|_| Fault::Storage("a row has other columns than it should".to_owned()))
}

fn number(value: SqlStorageValue) -> Result<u64, Fault> {
    match value {
        SqlStorageValue::Integer(number) => {
            u64::try_from(number).map_err(|error| Fault::Storage(error.to_string()))
        }
        _ => Err(Fault::Storage("a column that should be a number is none".to_owned())),
    }
}

fn text(value: SqlStorageValue) -> Result<String, Fault> {
    match value {
        SqlStorageValue::String(text) => Ok(text),
        _ => Err(Fault::Storage("a column that should be text is none".to_owned())),
    }
}

/// A number as SQLite binds it. Ours are below 2^53, or compared with such only.
fn integer(number: u64) -> SqlStorageValue {
    SqlStorageValue::Integer(i64::try_from(number).unwrap_or(i64::MAX))
}

fn storage(error: worker::Error) -> Fault {
    Fault::Storage(error.to_string())
}
