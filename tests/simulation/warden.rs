//! Somebody who keeps order over HTTP, one order at a time, and repeats each until it is answered.

use std::collections::VecDeque;

use parlor::room::visitor::{Role, Visitor};

use crate::client::Client;
use crate::network::{Answer, Down, LinkId, Owner, Up};
use crate::orders::Order;
use crate::stage::{Due, Stage};

/// Its lasting identity.
pub const WARDEN: &str = "warden";

const ANSWER_MS_MAX: u64 = 10_000;
const RETRY_MS: u64 = 1_000;

/// The warden.
#[derive(Default)]
pub struct Warden {
    waiting: VecDeque<Order>,
    link: Option<LinkId>,
    alarm: u32,
}

impl Warden {
    /// Whether nothing is left to be done.
    pub fn is_done(&self) -> bool {
        self.waiting.is_empty()
    }

    /// Wants something done.
    pub fn order(&mut self, order: Order, stage: &mut Stage) {
        self.waiting.push_back(order);
        if self.waiting.len() == 1 {
            self.send(stage);
        }
    }

    /// Takes what clients wanted done who may not come back to it.
    pub fn take_over(&mut self, clients: &mut [Client], stage: &mut Stage) {
        for client in clients.iter_mut() {
            for order in std::mem::take(&mut client.orders.again) {
                self.order(order, stage);
            }
        }
    }

    /// Takes in what came on a link.
    pub fn receive(&mut self, link: LinkId, item: &Down, stage: &mut Stage) {
        if self.link != Some(link) {
            return;
        }
        self.link = None;
        match item {
            Down::Answer(Answer { status: 429 | 500.., .. }) | Down::Failed | Down::Lost => {
                return self.set(RETRY_MS, stage);
            }
            Down::Answer(Answer { status: 200, record: Some(record), .. }) => {
                let asked = self.waiting.front().map(|order| &order.deed);
                let is_answer = asked == Some(&record.deed) || !stage.court.is_whole();
                stage.promise(is_answer, "an answer is what was ordered", || {
                    format!("the warden asked for {asked:?} and got {record:?}")
                });
            }
            Down::Answer(Answer { status: 403 | 404 | 409, .. }) => {}
            other => stage.violate("nothing proper is refused for good", || format!("an order: {other:?}")),
        }
        self.waiting.pop_front();
        self.send(stage);
    }

    /// Its alarm rings.
    pub fn ring(&mut self, number: u32, stage: &mut Stage) {
        if number == self.alarm {
            self.send(stage);
        }
    }

    fn send(&mut self, stage: &mut Stage) {
        let Some(order) = self.waiting.front() else { return };
        *stage.court.given.entry(order.deed.clone()).or_default() += 1;
        let link = stage.open_link(Owner::Warden, Up::Order(order.frame.as_str().into()));
        stage.links[link].visitor = Visitor {
            role: Role::Owner,
            subject: Some(WARDEN.to_owned()),
            name: Some("Warden".to_owned()),
            ..Visitor::default()
        };
        self.link = Some(link);
        self.set(ANSWER_MS_MAX, stage);
    }

    fn set(&mut self, delay_ms: u64, stage: &mut Stage) {
        self.alarm += 1;
        stage.after(delay_ms, Due::WardenAlarm(self.alarm));
    }
}
