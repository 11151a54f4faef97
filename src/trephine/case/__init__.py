"""The vocabulary: patient, site, plan and settings as documents, and the five products."""
