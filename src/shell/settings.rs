//! The operator's variables.

use std::cell::RefCell;

use worker::{Env, console_error};

use crate::limits::Limits;
use crate::protocol::Dialect;

/// What the operator has set.
#[derive(Clone, Debug)]
pub(super) struct Settings {
    pub limits: Limits,
    pub default_dialect: Dialect,
}

thread_local! {
    /// What this isolate has read: its variables never change, and each is a crossing to JavaScript.
    static READ: RefCell<Option<Settings>> = const { RefCell::new(None) };
}

impl Settings {
    /// The settings; what is wrong with one goes to the log, once, and its default is used.
    pub fn of(env: &Env) -> Self {
        READ.with_borrow_mut(|read| read.get_or_insert_with(|| Self::read(env)).clone())
    }

    fn read(env: &Env) -> Self {
        let (limits, complaints) = Limits::from_variables(|name| variable(env, name));
        for complaint in complaints {
            console_error!("{complaint}");
        }
        Self { limits, default_dialect: default_dialect(env) }
    }
}

/// Reads the one variable that the Worker itself needs for an upgrade.
pub(super) fn default_dialect(env: &Env) -> Dialect {
    let Some(name) = variable(env, "DEFAULT_DIALECT") else { return Dialect::default() };
    Dialect::parse(&name).unwrap_or_else(|_| {
        console_error!("DEFAULT_DIALECT {name:?} is not known");
        Dialect::default()
    })
}

/// One of the operator's variables or secrets.
pub(super) fn variable(env: &Env, name: &str) -> Option<String> {
    env.var(name).ok().map(|value| value.to_string())
}
