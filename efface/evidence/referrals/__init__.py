"""Passing a case on: signals to leads, referrals to investigators, what they ask, and what ends by itself."""
