"""What Sentry is asked, one file a reading."""
