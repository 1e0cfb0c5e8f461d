"""What Supabase is asked, one file a reading."""
