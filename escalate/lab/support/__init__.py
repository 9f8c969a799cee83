"""Microsoft.Support 2024-04-01 as far as filing one ticket needs it, and what its OpenAPI file cannot say."""
