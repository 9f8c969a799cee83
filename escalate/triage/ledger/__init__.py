"""The exclusion ledger: every cause on the app's side, each with a test over the evidence."""
