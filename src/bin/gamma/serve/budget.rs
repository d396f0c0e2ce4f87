//! Bytes that may be held at the same time.

use std::sync::{Arc, Condvar, Mutex, PoisonError};

/// A number of bytes that is lent in parts.
#[derive(Debug)]
pub struct Budget {
    limit: u64,
    used: Mutex<u64>,
    given_back: Condvar,
}

/// Bytes that are lent until this is dropped.
#[derive(Debug)]
pub struct Loan {
    budget: Arc<Budget>,
    bytes: u64,
}

impl Budget {
    /// A budget of `limit` bytes.
    pub fn new(limit: u64) -> Arc<Self> {
        Arc::new(Self {
            limit,
            used: Mutex::new(0),
            given_back: Condvar::new(),
        })
    }

    /// The most bytes that can be lent at once.
    pub fn limit(&self) -> u64 {
        self.limit
    }

    /// Lends `bytes`, when there are so many; `None` if there never will be.
    pub fn borrow(self: &Arc<Self>, bytes: u64) -> Option<Loan> {
        if bytes > self.limit {
            return None;
        }
        let used = self.used.lock().unwrap_or_else(PoisonError::into_inner);
        let is_full = |used: &mut u64| *used + bytes > self.limit;
        let mut used = self
            .given_back
            .wait_while(used, is_full)
            .unwrap_or_else(PoisonError::into_inner);
        *used += bytes;
        Some(self.loan(bytes))
    }

    /// Lends `bytes` if there are so many now.
    #[cfg(feature = "listen")]
    pub fn try_borrow(self: &Arc<Self>, bytes: u64) -> Option<Loan> {
        let mut used = self.used.lock().unwrap_or_else(PoisonError::into_inner);
        let sum = used.checked_add(bytes).filter(|&sum| sum <= self.limit)?;
        *used = sum;
        Some(self.loan(bytes))
    }

    fn loan(self: &Arc<Self>, bytes: u64) -> Loan {
        Loan {
            budget: Arc::clone(self),
            bytes,
        }
    }
}

impl Drop for Loan {
    fn drop(&mut self) {
        *self.budget.used.lock().unwrap_or_else(PoisonError::into_inner) -= self.bytes;
        self.budget.given_back.notify_all();
    }
}
