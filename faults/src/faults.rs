//! Begins and ends faults.

use std::io;

use receivers::{Fault as ServiceFault, google, s3};
use rustix::process::Signal;
use tokio::time::sleep;

use crate::{
    clock::ServerClock,
    disk::Disk,
    endpoint::Mode,
    places::Places,
    plan::{Fault, Upset},
    server::Server,
    story::Story,
};

/// Faults that have begun, each with the number of rounds that it still has.
#[derive(Default)]
pub(crate) struct Active(Vec<(Fault, u32)>);

/// What faults happen to.
pub(crate) struct Scene<'run> {
    pub(crate) places: &'run Places,
    pub(crate) disk: &'run mut Disk,
    pub(crate) clock: &'run ServerClock,
    pub(crate) story: &'run Story,
}

impl Active {
    /// Whether nothing can be stored.
    pub(crate) fn prevent_storing(&self) -> bool {
        self.0.iter().any(|(fault, _)| prevents_storing(fault))
    }

    /// Begins one, unless its place is taken. A process that is frozen runs again at the end of this.
    pub(crate) async fn begin(
        &mut self,
        fault: Fault,
        rounds: u32,
        scene: &mut Scene<'_>,
        server: &Server,
    ) -> io::Result<()> {
        if self.0.iter().any(|(other, _)| same_place(other, &fault)) || !scene.can(&fault) {
            return Ok(());
        }
        scene.story.tell(&format!("begins for {rounds} rounds: {fault}"));
        scene.story.count(&fault.kind());
        if let Fault::Frozen(time) = fault {
            server.signal(Signal::STOP)?;
            sleep(time).await;
            return server.signal(Signal::CONT);
        }
        scene.begin(&fault, server)?;
        self.0.push((fault, rounds));
        Ok(())
    }

    /// A round is over: ends those that have lasted long enough.
    pub(crate) fn end_round(&mut self, scene: &mut Scene<'_>, server: Option<&Server>) -> io::Result<()> {
        for (_, rounds) in &mut self.0 {
            *rounds = rounds.saturating_sub(1);
        }
        let (over, left) = self.0.drain(..).partition(|(_, rounds)| *rounds == 0);
        self.0 = left;
        end(over, scene, server)
    }

    /// Ends all of them.
    pub(crate) fn end_all(&mut self, scene: &mut Scene<'_>, server: Option<&Server>) -> io::Result<()> {
        end(std::mem::take(&mut self.0), scene, server)
    }

    /// Ends those with which the server may not be able to start.
    pub(crate) fn let_store(&mut self, scene: &mut Scene<'_>) -> io::Result<()> {
        let (over, left) = self.0.drain(..).partition(|(fault, _)| prevents_storing(fault));
        self.0 = left;
        end(over, scene, None)
    }
}

const fn prevents_storing(fault: &Fault) -> bool {
    matches!(fault, Fault::FullDisk | Fault::FailingSync)
}

fn end(over: Vec<(Fault, u32)>, scene: &mut Scene<'_>, server: Option<&Server>) -> io::Result<()> {
    for (fault, _) in over {
        scene.story.tell(&format!("ends: {fault}"));
        scene.end(&fault, server)?;
    }
    Ok(())
}

fn same_place(one: &Fault, other: &Fault) -> bool {
    match (one, other) {
        (Fault::Endpoint(one, _), Fault::Endpoint(other, _)) | (Fault::Bucket(one, _), Fault::Bucket(other, _)) => {
            one == other
        }
        _ => std::mem::discriminant(one) == std::mem::discriminant(other),
    }
}

impl Scene<'_> {
    const fn can(&self, fault: &Fault) -> bool {
        match fault {
            Fault::Clock(_) => self.clock.can_be_set(),
            Fault::FailingSync => self.disk.can_be_bad(),
            _ => true,
        }
    }

    fn begin(&mut self, fault: &Fault, server: &Server) -> io::Result<()> {
        match fault {
            Fault::Endpoint(number, mode) => self.behave(*number, *mode),
            Fault::Bucket(number, upset) => {
                if let Some(bucket) = self.places.buckets.get(*number) {
                    bucket.answer_all(bucket_fault(*upset));
                }
            }
            Fault::Google(upset) => self.places.google.answer_all(google_fault(*upset)),
            Fault::FullDisk => self.disk.fill(server)?,
            Fault::FailingSync => self.disk.fail_syncs(true)?,
            Fault::SlowDisk => self.disk.slow_down(),
            Fault::Clock(seconds) => self.clock.set(*seconds)?,
            Fault::Frozen(_) => {}
        }
        Ok(())
    }

    fn end(&mut self, fault: &Fault, server: Option<&Server>) -> io::Result<()> {
        match fault {
            Fault::Endpoint(number, _) => self.behave(*number, Mode::Accept),
            Fault::Bucket(number, _) => {
                if let Some(bucket) = self.places.buckets.get(*number) {
                    bucket.serve_again();
                }
            }
            Fault::Google(_) => self.places.google.serve_again(),
            Fault::FullDisk => self.disk.empty(server)?,
            Fault::FailingSync => self.disk.fail_syncs(false)?,
            Fault::SlowDisk => self.disk.speed_up(),
            Fault::Clock(_) => self.clock.set(0)?,
            Fault::Frozen(_) => {}
        }
        Ok(())
    }

    fn behave(&self, number: usize, mode: Mode) {
        if let Some(endpoint) = self.places.endpoints.get(number) {
            endpoint.behave(mode);
        }
    }
}

const fn connection_fault(upset: Upset) -> ServiceFault {
    match upset {
        Upset::Hang => ServiceFault::Hang,
        Upset::Reset => ServiceFault::Reset,
        Upset::HangAfterStoring => ServiceFault::HangAfterStoring,
        Upset::CloseAfterStoring => ServiceFault::CloseAfterStoring,
        _ => ServiceFault::Close,
    }
}

fn bucket_fault(upset: Upset) -> ServiceFault {
    match upset {
        Upset::Unavailable => s3::Refusal::ServiceUnavailable.into(),
        Upset::TooManyRequests => s3::Refusal::SlowDown.into(),
        Upset::Forbidden => s3::Refusal::AccessDenied.into(),
        other => connection_fault(other),
    }
}

fn google_fault(upset: Upset) -> ServiceFault {
    match upset {
        Upset::Unavailable => google::Refusal::Unavailable.into(),
        Upset::TooManyRequests => google::Refusal::QuotaExceeded {
            retry_info: Some(1),
            retry_after: None,
        }
        .into(),
        Upset::Forbidden => google::Refusal::PermissionDenied.into(),
        other => connection_fault(other),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_has_one_fault_at_a_time() {
        let endpoint = |number| Fault::Endpoint(number, Mode::Hang);
        assert!(same_place(&endpoint(1), &Fault::Endpoint(1, Mode::Reset)));
        assert!(!same_place(&endpoint(1), &endpoint(2)));
        assert!(same_place(&Fault::Clock(1), &Fault::Clock(2)));
        assert!(!same_place(&Fault::FullDisk, &Fault::SlowDisk));
    }
}
