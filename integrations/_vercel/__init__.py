"""What Vercel is asked, one file a reading."""
