export {} // importing it is what it is for
