"""Between HTTP and a use case: requests, answers, repeats and rates."""
