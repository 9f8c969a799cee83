"""What is looked at in Azure before a ticket is filed: reads only, one file a question."""
