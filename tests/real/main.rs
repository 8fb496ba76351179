//! The built program against real servers and publishers, and against servers that misbehave.
//! The peers are installed by `packaging/setup test`.

#[cfg(test)]
mod checking;
#[cfg(test)]
mod destinations;
#[cfg(test)]
mod displays;
#[cfg(test)]
mod distance;
#[cfg(test)]
mod ending;
#[cfg(test)]
mod hanging;
#[cfg(test)]
mod harness;
#[cfg(test)]
mod incoming;
#[cfg(test)]
mod links;
#[cfg(test)]
mod manners;
#[cfg(test)]
mod moving;
#[cfg(test)]
mod names;
#[cfg(test)]
mod playing;
#[cfg(test)]
mod recording;
#[cfg(test)]
mod refusals;
#[cfg(test)]
mod rehearsal;
#[cfg(test)]
mod relay;
#[cfg(test)]
mod secrets;
#[cfg(test)]
mod serving;
#[cfg(test)]
mod shows;
#[cfg(test)]
mod sleeping;
#[cfg(test)]
mod support;
#[cfg(test)]
mod tunnels;
#[cfg(test)]
mod watching;
