//! The operator's variables.

use worker::{Env, console_error};

use crate::limits::Limits;
use crate::protocol::Dialect;

/// What the operator has set.
#[derive(Clone, Debug)]
pub(super) struct Settings {
    pub limits: Limits,
    pub default_dialect: Dialect,
}

impl Settings {
    /// Reads the variables; what is wrong with one goes to the log, and its default is used.
    pub fn read(env: &Env) -> Self {
        let variable = |name: &str| env.var(name).ok().map(|value| value.to_string());
        let (limits, complaints) = Limits::from_variables(variable);
        for complaint in complaints {
            console_error!("{complaint}");
        }
        let default_dialect = variable("DEFAULT_DIALECT").map_or(Ok(Dialect::default()), |name| {
            Dialect::parse(&name).map_err(|_| console_error!("DEFAULT_DIALECT {name:?} is not known"))
        });
        Self { limits, default_dialect: default_dialect.unwrap_or_default() }
    }
}
