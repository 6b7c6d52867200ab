//! The room's SQLite: one row of settings, and the log's segments.

use std::cell::Cell;

use js_sys::{Date, Object};
use worker::{SqlCursor, SqlStorage, SqlStorageValue, Storage};

use crate::limits::{ALARM_GAP_MS_MIN, RECORDS_MAX};
use crate::protocol;
use crate::room::log::{Segment, SegmentHead, SegmentKeys, Seq, remembers};
use crate::room::moderation::Record;
use crate::room::rules::Rules;
use crate::room::session::Secret;
use crate::room::{Archive, Fault, Meta, Saved};

/// The shape of the tables that this version writes. A change of [`SCHEMA`] needs a new number, a step in
/// [`MIGRATIONS`], and a room of the old shape in tests/storage.
const SCHEMA_VERSION: u64 = 3;

const SCHEMA: &str = "
    CREATE TABLE meta (
        version INTEGER NOT NULL, epoch TEXT NOT NULL, secret TEXT NOT NULL, created_at INTEGER NOT NULL,
        rules TEXT NOT NULL DEFAULT '{}'
    );
    CREATE TABLE record (number INTEGER PRIMARY KEY AUTOINCREMENT, record TEXT NOT NULL);
    CREATE TABLE segment (
        first_seq INTEGER PRIMARY KEY, last_at INTEGER NOT NULL, keys TEXT NOT NULL, body TEXT NOT NULL,
        bytes_before INTEGER NOT NULL
    );";

/// What turns a room of version 1, 2 … into one of the next.
const MIGRATIONS: [&str; 2] = [
    // 2: how many bytes came before a segment, to bound what a room keeps.
    "ALTER TABLE segment ADD COLUMN bytes_before INTEGER NOT NULL DEFAULT 0;
     UPDATE segment SET bytes_before = before.bytes FROM (
         SELECT first_seq AS seq,
             SUM(length(keys) + length(CAST(body AS BLOB))) OVER (ORDER BY first_seq)
                 - length(keys) - length(CAST(body AS BLOB)) AS bytes
         FROM segment
     ) AS before WHERE first_seq = before.seq;",
    // 3: what moderators decided, and a record of each time.
    "ALTER TABLE meta ADD COLUMN rules TEXT NOT NULL DEFAULT '{}';
     CREATE TABLE record (number INTEGER PRIMARY KEY AUTOINCREMENT, record TEXT NOT NULL);",
];

const _: () = assert!(MIGRATIONS.len() as u64 + 1 == SCHEMA_VERSION);

/// Reads and writes a room's storage.
pub(super) struct Store {
    sql: SqlStorage,
    storage: Storage,
    rows: Cell<Rows>,
}

/// Rows as they are charged.
#[derive(Clone, Copy, Default)]
pub(super) struct Rows {
    pub written: u64,
    pub read: u64,
}

impl Store {
    pub fn new(storage: Storage) -> Self {
        Self { sql: storage.sql(), storage, rows: Cell::default() }
    }

    /// Reads what a room is restored from, less the seats. A room that was never used has no tables,
    /// and reading makes none.
    pub fn load(&self, now_ms: u64) -> Result<Saved, Fault> {
        if self.rows("SELECT 1 FROM sqlite_master WHERE name = 'meta'", vec![])?.is_empty() {
            return Ok(Saved::default());
        }
        let (meta, rules) = self.meta(now_ms)?;
        let newest = "SELECT first_seq, last_at, keys, body, bytes_before FROM segment ORDER BY first_seq DESC LIMIT 1";
        let newest = self.rows(newest, vec![])?.into_iter().next().map(segment).transpose()?;
        let oldest = "SELECT first_seq, last_at, bytes_before FROM segment ORDER BY first_seq LIMIT 1";
        let oldest = self.rows(oldest, vec![])?.into_iter().next().map(segment_head).transpose()?;
        let head = newest.as_ref().map_or(0, |segment| segment.first + segment.len() as Seq - 1);
        let keys = self.keys(head, now_ms)?;
        Ok(Saved { meta: Some(meta), rules, newest, oldest, keys, seats: Vec::new() })
    }

    /// Reads what there is one row of, once the tables have today's shape.
    fn meta(&self, now_ms: u64) -> Result<(Meta, Rules), Fault> {
        // The last column came with version 3.
        let mut row = self.rows("SELECT * FROM meta", vec![])?.into_iter().next().unwrap_or_default();
        let version = number(row.first().cloned().unwrap_or(SqlStorageValue::Null))?;
        if version != SCHEMA_VERSION {
            self.migrate(version, now_ms)?;
            row = self.rows("SELECT * FROM meta", vec![])?.into_iter().next().unwrap_or_default();
        }
        let [_, epoch, secret, created_at, rules] = columns(row)?;
        let secret =
            Secret::from_hex(&text(secret)?).ok_or_else(|| Fault::Storage("no secret".to_owned()))?;
        let rules =
            Rules::read(&text(rules)?).ok_or_else(|| Fault::Storage("rules that are none".to_owned()))?;
        Ok((Meta { epoch: text(epoch)?, secret, created_at: number(created_at)? }, rules))
    }

    /// Brings the tables of an earlier version into today's shape.
    fn migrate(&self, version: u64, now_ms: u64) -> Result<(), Fault> {
        if version > SCHEMA_VERSION {
            return Err(Fault::Storage(format!("written by a newer Parlor (schema {version})")));
        }
        for (step, from) in MIGRATIONS.iter().zip(1..).filter(|(_, from)| *from >= version) {
            self.write(step, vec![])?;
            self.write("UPDATE meta SET version = ?", vec![integer(from + 1)])?;
        }
        // The first version asked for no alarm.
        if version < 2 { self.wake_at(now_ms + ALARM_GAP_MS_MIN) } else { Ok(()) }
    }

    /// Reads the keys of ids backwards, as far as they must be remembered.
    fn keys(&self, head: Seq, now_ms: u64) -> Result<Vec<SegmentKeys>, Fault> {
        let query = "SELECT first_seq, last_at, keys FROM segment ORDER BY first_seq DESC";
        let mut all = Vec::new();
        let cursor = self.sql.exec(query, None).map_err(storage)?;
        for row in cursor.raw() {
            let [first, last_at, keys] = columns(row.map_err(storage)?)?;
            let segment = SegmentKeys { first: number(first)?, last_at: number(last_at)?, keys: text(keys)? };
            if !remembers(segment.first, segment.last_at, head, now_ms) {
                break;
            }
            all.push(segment);
        }
        self.count(&cursor);
        all.reverse();
        Ok(all)
    }

    /// Makes the tables of a room that is used for the first time.
    pub fn create(&self, meta: &Meta) -> Result<(), Fault> {
        self.write(SCHEMA, vec![])?;
        let row: Vec<SqlStorageValue> = vec![
            integer(SCHEMA_VERSION),
            meta.epoch.as_str().into(),
            meta.secret.to_hex().into(),
            integer(meta.created_at),
        ];
        self.write("INSERT INTO meta (version, epoch, secret, created_at) VALUES (?, ?, ?, ?)", row)
    }

    /// Writes rows of the log, each over the one with the same first seq.
    pub fn append(&self, rows: Vec<Segment>) -> Result<(), Fault> {
        for row in rows {
            #[cfg(feature = "fault-injection")]
            if crate::fault_injection::refuses_write(&row.body) {
                return Err(Fault::Storage("fault injection".to_owned()));
            }
            let values = vec![
                integer(row.first),
                integer(row.last_at),
                row.keys.into(),
                row.body.into(),
                integer(row.bytes_before),
            ];
            let query =
                "INSERT INTO segment (first_seq, last_at, keys, body, bytes_before) VALUES (?, ?, ?, ?, ?)
                ON CONFLICT (first_seq) DO UPDATE
                SET last_at = excluded.last_at, keys = excluded.keys, body = excluded.body";
            self.write(query, values)?;
        }
        Ok(())
    }

    /// Keeps these rules instead of those before.
    pub fn rule(&self, rules: &Rules) -> Result<(), Fault> {
        let rules = serde_json::to_string(rules).map_err(|error| Fault::Storage(error.to_string()))?;
        self.write("UPDATE meta SET rules = ?", vec![rules.into()])
    }

    /// Keeps a record, and lets go of the oldest beyond what a room keeps.
    pub fn record(&self, record: &Record) -> Result<(), Fault> {
        let record = protocol::record_body(record);
        self.write("INSERT INTO record (record) VALUES (?)", vec![record.into()])?;
        let query = "DELETE FROM record WHERE number <= (SELECT max(number) FROM record) - ?";
        self.write(query, vec![integer(RECORDS_MAX)])
    }

    /// Deletes the log; what comes counts within another epoch.
    pub fn clear(&self, meta: &Meta) -> Result<(), Fault> {
        // In this order: in no epoch may what comes count from 1 again.
        let values = vec![meta.epoch.as_str().into(), integer(meta.created_at)];
        self.write("UPDATE meta SET epoch = ?, created_at = ?", values)?;
        self.write("DELETE FROM segment", vec![])
    }

    /// Deletes the rows of the log before a seq.
    pub fn trim(&self, first: Seq) -> Result<(), Fault> {
        let query = "DELETE FROM segment WHERE first_seq < ?";
        self.write(query, vec![integer(first)])
    }

    /// Deletes all that is stored.
    pub fn wipe(&self) -> Result<(), Fault> {
        // `deleteAll` keeps an alarm; there is none while one is handled.
        self.storage.as_raw().delete_all().map(drop).map_err(|error| storage(error.into()))
    }

    /// Asks for an alarm at that time, in Unix milliseconds, instead of any asked for before.
    pub fn wake_at(&self, at_ms: u64) -> Result<(), Fault> {
        let at = Date::new(&(at_ms as f64).into());
        let options = Object::new();
        self.rows.set(Rows { written: self.rows.get().written + 1, ..self.rows.get() });
        self.storage.as_raw().set_alarm(at, options).map(drop).map_err(|error| storage(error.into()))
    }

    fn rows(&self, query: &str, values: Vec<SqlStorageValue>) -> Result<Vec<Vec<SqlStorageValue>>, Fault> {
        let cursor = self.sql.exec(query, values).map_err(storage)?;
        let rows = cursor.raw().map(|row| row.map_err(storage)).collect();
        self.count(&cursor);
        rows
    }

    fn write(&self, query: &str, values: Vec<SqlStorageValue>) -> Result<(), Fault> {
        self.count(&self.sql.exec(query, values).map_err(storage)?);
        Ok(())
    }

    /// Counts what a query that has run has cost.
    fn count(&self, cursor: &SqlCursor) {
        let Rows { written, read } = self.rows.get();
        let (more_written, more_read) = (cursor.rows_written() as u64, cursor.rows_read() as u64);
        self.rows.set(Rows { written: written + more_written, read: read + more_read });
    }

    /// What was read and written since this was asked last.
    pub fn take_rows(&self) -> Rows {
        self.rows.take()
    }
}

impl Archive for Store {
    fn segments(&self, first: Seq, last: Seq) -> Result<Vec<Segment>, Fault> {
        let query = "SELECT first_seq, last_at, keys, body, bytes_before FROM segment
            WHERE first_seq <= ?1 AND first_seq >= COALESCE(
                (SELECT max(first_seq) FROM segment WHERE first_seq <= ?2), 0)
            ORDER BY first_seq";
        self.rows(query, vec![integer(last), integer(first)])?.into_iter().map(segment).collect()
    }

    fn records(&self, before: u64, limit: usize) -> Result<Vec<(u64, String)>, Fault> {
        let query = "SELECT number, record FROM record WHERE number < ? ORDER BY number DESC LIMIT ?";
        let rows = self.rows(query, vec![integer(before), integer(limit as u64)])?;
        let read = |row| {
            let [at, record] = columns(row)?;
            Ok((number(at)?, text(record)?))
        };
        rows.into_iter().map(read).collect()
    }

    fn head_after(&self, first: Seq) -> Result<Option<SegmentHead>, Fault> {
        let query = "SELECT first_seq, last_at, bytes_before FROM segment
            WHERE first_seq > ? ORDER BY first_seq LIMIT 1";
        self.rows(query, vec![integer(first)])?.into_iter().next().map(segment_head).transpose()
    }
}

fn segment(row: Vec<SqlStorageValue>) -> Result<Segment, Fault> {
    let [first, last_at, keys, body, bytes_before] = columns(row)?;
    let (first, last_at, bytes_before) = (number(first)?, number(last_at)?, number(bytes_before)?);
    Ok(Segment { first, last_at, bytes_before, keys: text(keys)?, body: text(body)? })
}

fn segment_head(row: Vec<SqlStorageValue>) -> Result<SegmentHead, Fault> {
    let [first, last_at, bytes_before] = columns(row)?;
    Ok(SegmentHead { first: number(first)?, last_at: number(last_at)?, bytes_before: number(bytes_before)? })
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
