//! The few ways data crosses a thread, each with a named policy for "full" and a counter.

mod errand;
mod latest;
mod packet_queue;
mod queue;
mod replay_buffer;
mod ring;
mod train;
mod worker;

pub use errand::{Errand, within, within_unless};
pub use latest::Latest;
pub use packet_queue::{Hole, PacketQueue, Pushed, QueueGauge};
pub use queue::{Popped, Queue};
pub use replay_buffer::ReplayBuffer;
pub use ring::{RingReader, RingWriter, ring};
pub use worker::{Stop, Worker};
