//! Being asked to stop while a search computes: the first time it ends and tells what it has, the
//! second time the program ends at once.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::{io, thread};

use super::Exit;
use super::interrupt::Interrupts;

/// Whether somebody has asked to stop.
#[derive(Clone, Debug)]
pub(super) struct Stop(Arc<AtomicBool>);

impl Stop {
    /// Listens from now on.
    pub(super) fn listen() -> io::Result<Self> {
        let stop = Self(Arc::default());
        let asked = Arc::clone(&stop.0);
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        // Before anything is searched: from here on nothing else ends the program.
        let mut interrupts = runtime.block_on(async { Interrupts::listen() })?;
        thread::spawn(move || {
            runtime.block_on(async {
                loop {
                    interrupts.next().await;
                    if asked.swap(true, Ordering::Relaxed) {
                        std::process::exit(Exit::Interrupted as i32);
                    }
                }
            });
        });
        Ok(stop)
    }

    /// Whether somebody has asked.
    pub(super) fn is_asked(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}
