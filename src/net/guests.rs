//! How many connections each address has, so that none takes the places of all.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::sync::Arc;

use parking_lot::Mutex;

use crate::protocol::house;

/// How many connections each address has, or where somebody has many, all of them together.
#[derive(Default)]
pub struct Guests(Mutex<BTreeMap<IpAddr, usize>>);

impl Guests {
    /// Lets another in from there, unless so many are in.
    pub fn admit(self: &Arc<Self>, from: IpAddr, each_max: usize) -> Option<Guest> {
        let from = house(from);
        let mut guests = self.0.lock();
        let count = guests.entry(from).or_insert(0);
        if *count >= each_max {
            return None;
        }
        *count += 1;
        Some(Guest { from, guests: Arc::clone(self) })
    }
}

/// One connection of an address, until it ends however it may.
pub struct Guest {
    from: IpAddr,
    guests: Arc<Guests>,
}

impl Drop for Guest {
    fn drop(&mut self) {
        let mut guests = self.guests.0.lock();
        if let Some(count) = guests.get_mut(&self.from) {
            *count -= 1;
            if *count == 0 {
                guests.remove(&self.from);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_of_one_house_share_its_places() {
        let guests = Arc::new(Guests::default());
        let admit = |from: &str| guests.admit(from.parse().unwrap(), 1);
        let _of_six = admit("2001:db8:1:2::1").unwrap();
        assert!(admit("2001:db8:1:2:ffff:ffff:ffff:ffff").is_none());
        let _next_door = admit("2001:db8:1:3::1").unwrap();
        let of_four = admit("192.0.2.1").unwrap();
        assert!(admit("::ffff:192.0.2.1").is_none(), "the same, as a socket for both says it");
        assert!(admit("192.0.2.2").is_some());
        drop(of_four);
        assert!(admit("192.0.2.1").is_some());
    }
}
