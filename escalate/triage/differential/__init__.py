"""The differential: sick against healthy workers, during against before and after, the app against its siblings."""
