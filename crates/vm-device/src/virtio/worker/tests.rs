use std::{
    sync::{atomic::AtomicU32, mpsc},
    thread,
};

use vm_testing::{DEADLINE, wait_until, within};

use super::*;
use crate::virtio::{
    interrupt::{DeviceLink, InterruptStatus},
    spec::status,
};

/// Counts how often it is asked, and panics if told to.
#[derive(Default)]
struct Counter {
    served: AtomicU32,
    panics: AtomicBool,
}

impl Handler for Counter {
    fn serve(&self, _: &Activation, _: &Control) -> Result<(), QueueFault> {
        self.served.fetch_add(1, Ordering::SeqCst);
        assert!(!self.panics.load(Ordering::SeqCst), "as the test wants");
        Ok(())
    }
}

fn activation() -> Activation {
    let interrupt = Arc::new(InterruptStatus::new(vm_core::irq::unconnected()));
    Activation {
        features: 0,
        queues: Vec::new(),
        link: Arc::new(DeviceLink::new("test".to_owned(), interrupt)),
    }
}

#[test]
fn kicks_without_an_activation_and_during_a_pause_wait() {
    within("a worker", || {
        let counter = Arc::<Counter>::default();
        let served = || counter.served.load(Ordering::SeqCst);
        let worker = Worker::spawn("test", counter.clone()).unwrap();
        worker.kick();
        worker.settle();
        assert_eq!(served(), 0);
        worker.quiesce();
        worker.quiesce();
        worker.activate(activation());
        worker.resume();
        worker.settle();
        assert_eq!(served(), 0);
        worker.resume();
        worker.settle();
        assert_eq!(served(), 1);
        worker.kicker()();
        worker.settle();
        assert_eq!(served(), 2);
        worker.deactivate();
        worker.kick();
        worker.settle();
        assert_eq!(served(), 2);
        assert!(worker.activation().is_none());
    });
}

#[test]
fn a_panic_ends_in_a_reset_and_nobody_waits_for_ever() {
    within("a worker", || {
        let counter = Arc::<Counter>::default();
        let worker = Worker::spawn("test", counter.clone()).unwrap();
        counter.panics.store(true, Ordering::SeqCst);
        let broken = activation();
        broken.link.set_status(status::DRIVER_OK);
        worker.activate(broken.clone());
        worker.settle();
        assert!(!broken.link.is_live());
        worker.quiesce();
        worker.resume();
        counter.panics.store(false, Ordering::SeqCst);
        worker.activate(activation());
        worker.settle();
        assert_eq!(counter.served.load(Ordering::SeqCst), 2);
    });
}

#[test]
fn dropping_a_worker_ends_its_thread() {
    within("a worker", || {
        struct Tell(Mutex<mpsc::Sender<()>>);
        impl Handler for Tell {
            fn serve(&self, _: &Activation, _: &Control) -> Result<(), QueueFault> {
                Ok(())
            }
        }
        impl Drop for Tell {
            fn drop(&mut self) {
                let _ = self.0.lock().send(());
            }
        }
        let (tell, told) = mpsc::channel();
        let worker = Worker::spawn("test", Arc::new(Tell(Mutex::new(tell)))).unwrap();
        worker.activate(activation());
        drop(worker);
        // The thread owned the handler: it is gone by now.
        assert_eq!(told.try_recv(), Ok(()));
    });
}

/// A host that does not answer until the other end is dropped.
struct Stuck(Mutex<mpsc::Receiver<()>>);

impl Handler for Stuck {
    fn serve(&self, _: &Activation, _: &Control) -> Result<(), QueueFault> {
        let _ = self.0.lock().recv();
        Ok(())
    }
}

#[test]
fn a_request_that_never_ends_is_left_behind() {
    let (answer, host) = mpsc::channel();
    let worker = Worker::spawn("test", Arc::new(Stuck(host.into()))).unwrap();
    worker.activate(activation());
    wait_until("the request", || worker.shared.state.lock().busy);
    let (dropped, is_dropped) = mpsc::channel();
    thread::spawn(move || {
        drop(worker);
        dropped.send(()).unwrap();
    });
    let ended = is_dropped.recv_timeout(DEADLINE);
    drop(answer);
    assert!(ended.is_ok(), "the host's answer was waited for");
}
