"""What every job does besides its work: its log, locks, reasons of failures, and how it ends on SIGTERM."""
