"""Files that outlive every database: raw answers, failed runs, records of published versions."""
