//! What time alone brings: who did not join is closed, what is too old is deleted, and a room that was
//! left alone is wiped. And what begins it: the storage of a room that is used for the first time.

use super::*;

impl Room {
    pub(super) fn tick(&mut self, now_ms: u64, archive: &dyn Archive) -> Effects {
        let mut effects = Vec::new();
        while let Some((deadline, connection)) = self.join_deadlines.first().map(|(next, ())| *next) {
            if deadline > now_ms {
                break;
            }
            effects.push(self.close(connection, CloseCode::JoinTimeout, now_ms));
        }
        effects.extend(self.sweep_relays(now_ms));
        effects.extend(self.tell_count(now_ms));
        if self.flush_at.is_some_and(|at| at <= now_ms) {
            effects.extend(self.flush(now_ms, archive)?);
        }
        Ok(effects)
    }

    /// Lets go of what is too old; of everything, where nobody has been for long.
    pub(super) fn alarm(&mut self, now_ms: u64, archive: &dyn Archive) -> Effects {
        self.alarm_at = None;
        let Some(wipe_at) = self.wipe_at() else { return Ok(self.watch_expiry().into_iter().collect()) };
        if wipe_at <= now_ms && self.connections.is_empty() && !self.is_unsettled() {
            self.meta = None;
            self.log = Log::default();
            self.rules = Rules::default();
            self.buckets.clear();
            return Ok(vec![Effect::Wipe]);
        }
        let trimmed = self.log.trim(&self.limits, now_ms, archive)?;
        // There may be more to trim; else there is nothing to do before the next thing is too old.
        let next = match trimmed {
            Some(_) => now_ms.saturating_add(ALARM_AGAIN_MS),
            None => {
                let expiry = self.log.oldest_at().map(|at| at.saturating_add(self.limits.history_ms_max));
                expiry
                    .map_or(wipe_at, |expiry| expiry.min(wipe_at))
                    .max(now_ms.saturating_add(ALARM_GAP_MS_MIN))
            }
        };
        let next = self.expiries.first().map_or(next, |((at, _), ())| next.min(*at));
        self.alarm_at = Some(next);
        Ok(trimmed.map(Effect::Trim).into_iter().chain([Effect::WakeAt(next)]).collect())
    }

    /// When the room has been left alone for so long that all of it may go.
    pub(super) fn wipe_at(&self) -> Option<u64> {
        let active_at = self.log.last_at().or(self.meta.as_ref().map(|meta| meta.created_at))?;
        Some(active_at.saturating_add(self.limits.abandoned_ms.min(self.limits.history_ms_max)))
    }

    /// What storage keeps beside messages; drawn now if the room was never used.
    pub(super) fn meta_or_create(&mut self, now_ms: u64) -> (Meta, Vec<Effect>) {
        if let Some(meta) = &self.meta {
            return (meta.clone(), Vec::new());
        }
        let secret = session::Secret::new(self.lot.bytes());
        let meta = Meta { epoch: self.lot.id(), secret, created_at: now_ms };
        self.meta = Some(meta.clone());
        self.alarm_at = self.wipe_at();
        let wake = self.alarm_at.map(Effect::WakeAt);
        (meta.clone(), [Effect::Create(meta)].into_iter().chain(wake).collect())
    }
}
