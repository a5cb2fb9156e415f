"""What a person takes away: JSON lines, CSV, Parquet, DocBin and HTML."""
