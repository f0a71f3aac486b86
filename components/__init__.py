"""What a person sees: one view a file, with its template, .js and .css beside it under the same name."""
